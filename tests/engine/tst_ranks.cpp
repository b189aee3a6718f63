// SPDX-License-Identifier: GPL-3.0-or-later
// Trainings of two processes: what they leave, how they stop, and what happens when one of them is killed.
#include "EngineProgram.h"
#include "base/Manifest.h"
#include "base/Npy.h"
#include "support/ExampleRun.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <signal.h>

using namespace foveate;
using nlohmann::json;

namespace {

std::string bytesOf(const std::string& path)
{
    return readFile(path).value_or(std::string());
}

json jsonOf(const std::string& path)
{
    return json::parse(bytesOf(path), nullptr, false);
}

ExampleRun example(const QString& job)
{
    ExampleRun example;
    example.job = job.toStdString();
    example.threads = example.processes = 2;
    if (job == "pretrain")
        example.options = {{"model", "tiny"}, {"size", 32}, {"epochs", 12}, {"batch", 16}};
    else
        example.options["epochs"] = 60;
    return example;
}

/// The process that another started; 0 when there is none.
pid_t childOf(pid_t process)
{
    for (const QString& entry : QDir("/proc").entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QFile file("/proc/" + entry + "/stat");
        const QByteArray stat = file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        const QList<QByteArray> behindName = stat.mid(stat.lastIndexOf(')') + 2).split(' '); // state, parent …
        if (behindName.size() > 1 && behindName[1].toInt() == process)
            return pid_t(entry.toInt());
    }
    return 0;
}

/// Sends `number` to whom `victim` names, once the first checkpoint is written.
EngineEnd signalled(const std::string& folder, int number, const std::function<pid_t(pid_t)>& victim)
{
    bool sent = false;
    return runEngineProgram(folder, [&](const json& event, QProcess& process) {
        if (sent || event.value("event", "") != "checkpoint")
            return;
        const pid_t target = victim(pid_t(process.processId()));
        if (target > 0)
            ::kill(target, number);
        sent = target > 0;
    });
}

} // namespace

class RanksTest : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_folder;

    std::string prepared(const QString& name, const ExampleRun& run) const
    {
        const std::string folder = m_folder.filePath(name).toStdString();
        if (!run.write(folder))
            qFatal("no run folder");
        return folder;
    }

private Q_SLOTS:
    void init()
    {
        for (const char* name : {"RANK", "WORLD_SIZE", "MASTER_ADDR"})
            qunsetenv(name);
    }

    void leavesWhatOneProcessLeaves_data()
    {
        QTest::addColumn<QString>("job");
        QTest::newRow("pretrain") << "pretrain";
        QTest::newRow("train") << "train";
    }

    void leavesWhatOneProcessLeaves()
    {
        QFETCH(QString, job);
        const std::string folder = prepared(job + "-whole", example(job));
        const EngineEnd end = runEngineProgram(folder);
        QVERIFY2(end.exitCode == 0, end.errors.constData());
        QCOMPARE(end.count("done"), 1);
        QVERIFY(verifyManifest(folder));
        const json run = jsonOf(folder + "/run.json");
        QCOMPARE(run.at("capability").at("ranks").get<int>(), 2);
        QCOMPARE(run.at("capability").at("threads").get<int>(), 1);
        const Array<std::int64_t> rows = *readNpy<std::int64_t>(folder + "/rows.npy");
        QCOMPARE(rows.data.size(), std::size_t(96));
        // The same again: the same bytes.
        const std::string again = prepared(job + "-again", example(job));
        QCOMPARE(runEngineProgram(again).exitCode, 0);
        for (const char* file : {"weights.safetensors", "features.npy", "metrics.jsonl"})
            QVERIFY2(bytesOf(again + "/" + file) == bytesOf(folder + "/" + file), file);
    }

    void killedRankEndsTheRunAndItsCheckpointGoesOn_data() { leavesWhatOneProcessLeaves_data(); }

    void killedRankEndsTheRunAndItsCheckpointGoesOn()
    {
        QFETCH(QString, job);
        const std::string folder = prepared(job + "-killed", example(job));
        const EngineEnd end = signalled(folder, SIGKILL, childOf);
        QCOMPARE(end.exitCode, 1);
        QCOMPARE(end.last().value("event", ""), std::string("failed"));
        QCOMPARE(end.last().value("code", ""), std::string("rank-lost"));
        QVERIFY(!hasManifest(folder));
        const EngineEnd rest = runEngineProgram(folder);
        QVERIFY2(rest.exitCode == 0, rest.errors.constData());
        for (const char* file : {"weights.safetensors", "features.npy", "metrics.jsonl"})
            QVERIFY2(bytesOf(folder + "/" + file) ==
                         bytesOf(m_folder.path().toStdString() + "/" + job.toStdString() + "-whole/" + file),
                     file);
    }

    void stopsOnRequestWithACheckpoint()
    {
        const std::string folder = prepared("stopped", example("pretrain"));
        const EngineEnd end = signalled(folder, SIGTERM, [](pid_t first) { return first; });
        QCOMPARE(end.exitCode, 130);
        QCOMPARE(runEngineProgram(folder).exitCode, 0);
        QVERIFY(bytesOf(folder + "/weights.safetensors") ==
                bytesOf(m_folder.filePath("pretrain-whole/weights.safetensors").toStdString()));
    }

    void firstRankKilledLeavesNoOther()
    {
        const std::string folder = prepared("first-killed", example("pretrain"));
        pid_t second = 0;
        const EngineEnd end = signalled(folder, SIGKILL, [&](pid_t first) {
            second = childOf(first);
            return first;
        });
        QCOMPARE(end.exitCode, -1);
        QVERIFY(second > 0);
        QTRY_VERIFY_WITH_TIMEOUT(::kill(second, 0) != 0, 10000);
    }

    void flagSaysHowManyToo()
    {
        ExampleRun run = example("train");
        run.processes = 1;
        const std::string folder = prepared("flag", run);
        const EngineEnd end = runEngineProgram(folder, {}, {"--processes", "2"});
        QVERIFY2(end.exitCode == 0, end.errors.constData());
        QCOMPARE(jsonOf(folder + "/run.json").at("capability").at("ranks").get<int>(), 2);
    }

    void tooFewImagesForAllIsSaid()
    {
        ExampleRun run = example("pretrain");
        run.options["batch"] = 2;
        const EngineEnd end = runEngineProgram(prepared("few", run));
        QCOMPARE(end.exitCode, 2);
        QCOMPARE(end.last().value("code", ""), std::string("usage"));
    }

    // As torchrun starts them: who one is comes from outside, and the ranks meet at an address.
    void meetsAtAnAddress()
    {
        ExampleRun run = example("train");
        run.processes = 1;
        const std::string folder = prepared("address", run);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("WORLD_SIZE", "2");
        environment.insert("LOCAL_WORLD_SIZE", "2");
        environment.insert("MASTER_ADDR", "127.0.0.1");
        environment.insert("MASTER_PORT", QString::number(20000 + QCoreApplication::applicationPid() % 20000));
        QProcess first, second;
        for (QProcess* rank : {&first, &second}) {
            environment.insert("RANK", rank == &first ? "0" : "1");
            rank->setProcessEnvironment(environment);
            rank->start(engineProgram(), {"run", QString::fromStdString(folder)});
        }
        QVERIFY(first.waitForFinished(120000) && second.waitForFinished(10000));
        QCOMPARE(first.exitCode(), 0);
        QCOMPARE(second.exitCode(), 0);
        QVERIFY(second.readAllStandardOutput().isEmpty());
        QVERIFY(verifyManifest(folder));
        const json capability = jsonOf(folder + "/run.json").at("capability");
        QCOMPARE(capability.at("ranks").get<int>(), 2);
        QCOMPARE(capability.at("threads").get<int>(), 1);
        // The same ranks that meet in a file leave the same.
        QVERIFY(bytesOf(folder + "/weights.safetensors") ==
                bytesOf(m_folder.filePath("train-whole/weights.safetensors").toStdString()));
    }
};

QTEST_GUILESS_MAIN(RanksTest)
#include "tst_ranks.moc"
