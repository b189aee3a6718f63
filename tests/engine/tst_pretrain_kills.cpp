// SPDX-License-Identifier: GPL-3.0-or-later
// The engine killed and started again in the middle of pre-trainings and trainings: the same bytes as without a break.
#include "EngineProgram.h"
#include "base/Manifest.h"
#include "base/Random.h"
#include "support/ExampleRun.h"

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <signal.h>

using namespace foveate;
using nlohmann::json;

namespace {

ExampleRun example(const std::string& job, const json& options)
{
    ExampleRun example;
    example.job = job;
    example.options = options;
    return example;
}

std::string bytesOf(const std::string& path)
{
    return readFile(path).value_or(std::string());
}

} // namespace

class PretrainKillsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void killedAnywhereEqualsUnbroken_data()
    {
        QTest::addColumn<QString>("job");
        QTest::addColumn<QByteArray>("options");
        for (const char* method : {"simclr", "dcl", "dclw", "simsiam", "vicreg"}) {
            const json options = {{"model", "tiny"}, {"size", 32},       {"epochs", 12},
                                  {"batch", 16},     {"method", method}, {"accumulate", 2}};
            QTest::newRow(method) << QString("pretrain") << QByteArray::fromStdString(options.dump());
        }
        QTest::newRow("train") << QString("train") << QByteArray(R"({"model":"tiny","epochs":60,"batch":8})");
    }

    void killedAnywhereEqualsUnbroken()
    {
        QFETCH(QString, job);
        QFETCH(QByteArray, options);
        const QTemporaryDir place;
        const std::string whole = place.filePath("whole").toStdString(), cut = place.filePath("cut").toStdString();
        const ExampleRun run = example(job.toStdString(), json::parse(options.toStdString()));
        QVERIFY(run.write(whole) && run.write(cut));
        const EngineEnd unbroken = runEngineProgram(whole);
        QVERIFY2(unbroken.exitCode == 0, unbroken.errors.constData());
        Random random(5);
        EngineEnd end;
        int starts = 0;
        do {
            // Killed at the event of a number that is drawn, so also while it loads, saves and scores.
            const std::uint64_t victim = random.below(14);
            std::uint64_t seen = 0;
            ++starts;
            end = runEngineProgram(cut, [&](const json&, QProcess& process) {
                if (starts <= 6 && seen++ == victim)
                    ::kill(pid_t(process.processId()), SIGKILL);
            });
        } while (end.exitCode != 0 && starts < 12);
        QVERIFY2(end.exitCode == 0, end.errors.constData());
        QVERIFY2(starts >= 3, "the run ended before it could be killed");
        QVERIFY(verifyManifest(cut));
        for (const char* file : {"weights.safetensors", "features.npy", "metrics.jsonl", "rows.npy"})
            QVERIFY2(bytesOf(cut + "/" + file) == bytesOf(whole + "/" + file), file);
    }
};

QTEST_GUILESS_MAIN(PretrainKillsTest)
#include "tst_pretrain_kills.moc"
