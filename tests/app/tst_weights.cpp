// SPDX-License-Identifier: GPL-3.0-or-later
// Weights that come from and go to other programs, by the command; read back by PyTorch where there is one.
#include "app/Command.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>

using foveate::test::makeStudy;
using foveate::test::Outcome;
using foveate::test::run;

namespace {

QString reference(const char* name)
{
    return QStringLiteral(FOVEATE_SOURCE_DIR "/tests/learn/reference/weights-") + QLatin1String(name);
}

} // namespace

class WeightsTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_project;

    QString path(const char* name) const { return m_folder.filePath(QLatin1String(name)); }
    Outcome train(const QStringList& more) const
    {
        return run(QStringList{"train", m_project, "--epochs", "1", "--size", "32", "--json"} + more);
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_project = makeStudy(m_folder.path(), 24);
        QVERIFY(!m_project.isEmpty());
        QCOMPARE(run({"import", m_project, path("images"), "--labels", "folder"}).code, 0);
        const Outcome trained = train({"--run", "none", "--model", "resnet18"});
        QVERIFY2(trained.code == 0, qPrintable(trained.err));
    }

    void exportsWhatItTrained()
    {
        const Outcome plain = run({"export", m_project, path("net.safetensors"), "--format", "safetensors", "--json"});
        QVERIFY2(plain.code == 0, qPrintable(plain.err));
        const Outcome traced = run({"export", m_project, path("net.pt"), "--format", "torchscript", "--json"});
        QVERIFY2(traced.code == 0, qPrintable(traced.err));
        QVERIFY(QFile(path("net.pt")).size() > 40'000'000);
        QCOMPARE(run({"export", m_project, path("net.pt"), "--format", "torchscript"}).code, 1); // it is there already
    }

    void startsFromAFileThatAUserGives()
    {
        const Outcome own = train({"--weights", path("net.safetensors"), "--model", "resnet18"});
        QVERIFY2(own.code == 0, qPrintable(own.err));
        const QString input = m_project + QStringLiteral("/runs/") +
                              QString::fromStdString(own.json()["run"].get<std::string>()) +
                              QStringLiteral("/input/weights.safetensors");
        QCOMPARE(QFile(input).size(), QFile(path("net.safetensors")).size());
        QCOMPARE(QDir(m_project + "/cache").entryList({"*weights*"}).size(), 0);
    }

    void refusesWhatDoesNotFit_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("says");
        QTest::newRow("another architecture") << reference("plain.pth") << "layer";
        QTest::newRow("older form") << reference("legacy.pth") << "PyTorch 1.6";
        QTest::newRow("a program") << reference("evil.pth") << "posix.system";
        QTest::newRow("no weights") << reference("versions.txt") << "weights-versions.txt";
        QTest::newRow("nothing") << "/nowhere.pth"
                                 << "/nowhere.pth";
    }

    void refusesWhatDoesNotFit()
    {
        QFETCH(QString, file);
        QFETCH(QString, says);
        const Outcome outcome = train({"--weights", file, "--model", "resnet18"});
        QVERIFY(outcome.code == 1 || outcome.code == 3 || outcome.code == 4);
        QVERIFY2(outcome.saysOneThing() && outcome.err.contains(says), qPrintable(outcome.err));
        QVERIFY(!std::filesystem::exists("/tmp/foveate-must-not-exist"));
    }

    void aPresetSaysWhatItTrains()
    {
        const Outcome outcome = run({"train", m_project, "--run", "none", "--model", "tiny", "--size", "32", "--preset",
                                     "p2-proxy", "--epochs", "1", "--json"});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        QFile file(m_project + QStringLiteral("/runs/") +
                   QString::fromStdString(outcome.json()["run"].get<std::string>()) + "/run.json");
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto options = nlohmann::json::parse(file.readAll().toStdString())["options"];
        QVERIFY(options["preset"] == "p2-proxy" && options["freeze"] == true && options["batch"] == 128);
        QVERIFY(options["epochs"] == 1 && options["model"] == "tiny"); // flags go first
        QCOMPARE(run({"train", m_project, "--preset", "p9"}).code, 2);
    }

    void pythonReadsThemAndWritesThem()
    {
        const QString python = qEnvironmentVariable("FOVEATE_PYTHON");
        if (python.isEmpty())
            QSKIP("FOVEATE_PYTHON names no Python with torch, torchvision and safetensors");
        QProcess check;
        check.setProcessChannelMode(QProcess::MergedChannels);
        check.start(python, {QStringLiteral(FOVEATE_SOURCE_DIR "/tests/app/weights.py"), path("net.safetensors"),
                             path("net.pt"), "A,B", path("python.pth")});
        QVERIFY(check.waitForFinished(120000));
        const QByteArray words = check.readAll();
        QVERIFY2(check.exitCode() == 0 && words.contains("same"), words.constData());
        const Outcome outcome = train({"--weights", path("python.pth"), "--model", "resnet18"});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
    }
};

QTEST_GUILESS_MAIN(WeightsTest)
#include "tst_weights.moc"
