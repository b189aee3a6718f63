// SPDX-License-Identifier: GPL-3.0-or-later
// The main job by the command alone, on small pictures: import, label, train, select, simulate, export, verify.
#include "app/Command.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>

using foveate::test::run;
using foveate::test::Outcome;
using foveate::test::writePicture;

class VerbsTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_project;

private Q_SLOTS:
    void initTestCase()
    {
        m_project = m_folder.filePath("study.foveate");
        for (int i = 0; i < 120; ++i) {
            const QString folder = m_folder.filePath(i % 2 == 0 ? "images/A" : "images/B");
            QDir().mkpath(folder);
            QVERIFY(writePicture((folder + QStringLiteral("/person%1_%2.png").arg(i / 4).arg(i)).toStdString(), unsigned(i), i % 2));
        }
        QCOMPARE(run({"new", m_project, "--classes", "A,B", "--modality", "xray", "--pack-size", "32"}).code, 0);
        const Outcome imported = run({"import", m_project, m_folder.filePath("images"), "--patient", "(person\\d+)_",
                                          "--split", "70/0/30", "--hide-labels", "--json"});
        QCOMPARE(imported.code, 0);
        QVERIFY(imported.json()["imported"] == 120);
        QVERIFY(imported.json()["patients"] == 30);
    }

    void hiddenTruthIsNowhereInInfo()
    {
        const auto info = run({"info", m_project, "--samples"}).json();
        QCOMPARE(info["samples"].size(), std::size_t(120));
        for (const auto& sample : info["samples"])
            QVERIFY(sample["label"].is_null());
    }

    void patientsAreNeverSplit()
    {
        std::map<int, std::string> side;
        const auto info = run({"info", m_project, "--samples"}).json();
        for (const auto& sample : info["samples"]) {
            const auto [known, isNew] = side.emplace(sample["patient"].get<int>(), sample["split"].get<std::string>());
            QVERIFY(isNew || known->second == sample["split"].get<std::string>());
        }
        QCOMPARE(side.size(), std::size_t(30));
    }

    void selectionIsReplayable()
    {
        const Outcome first = run({"select", m_project, "--strategy", "random", "--seed", "5", "--json"});
        QCOMPARE(first.code, 0);
        QCOMPARE(first.out, run({"select", m_project, "--strategy", "random", "--seed", "5", "--json"}).out);
        QVERIFY(first.out != run({"select", m_project, "--strategy", "random", "--seed", "6", "--json"}).out);
    }

    void theLoopByHand()
    {
        const Outcome labelled = run({"label", m_project, "--oracle", "--count", "40", "--ack"});
        QCOMPARE(labelled.code, 0);
        QCOMPARE(labelled.out.count(u'\n'), 40);
        const Outcome trained = run({"train", m_project, "--run", "none", "--model", "tiny", "--size", "32", "--epochs", "60", "--json"});
        QVERIFY2(trained.code == 0, qPrintable(trained.err));
        QVERIFY(trained.json()["split"] == "test");
        QVERIFY(trained.json()["accuracy"].get<double>() > .6);
        const Outcome selected = run({"select", m_project, "--count", "8", "--queue", "--json"});
        QVERIFY(selected.json()["strategy"] == "entropy");
        const Outcome again = run({"label", m_project, "--oracle", "--count", "8", "--ack"});
        QSet<QString> chosen;
        const auto selection = selected.json();
        for (const auto& item : selection["items"])
            chosen.insert(QString::fromStdString(item["id"]));
        for (const QString& line : again.out.trimmed().split(u'\n'))
            QVERIFY(chosen.contains(line.section(u',', 0, 0)));
        QVERIFY(run({"info", m_project, "--json"}).json()["counts"]["labelled"] == 48);
    }

    void mapsAndPredictions()
    {
        const auto samples = run({"info", m_project, "--samples"}).json()["samples"];
        const QString id = QString::fromStdString(samples[0]["id"]);
        const Outcome predicted = run({"predict", m_project, "--ids", id, "--json"});
        QVERIFY2(predicted.code == 0, qPrintable(predicted.err));
        const auto probabilities = predicted.json()["items"][0]["probabilities"].get<std::vector<double>>();
        QVERIFY(std::abs(probabilities[0] + probabilities[1] - 1) < 1e-4);
        const Outcome explained = run({"explain", m_project, "--ids", id, "--json"});
        QVERIFY2(explained.code == 0, qPrintable(explained.err));
        QVERIFY(QFile::exists(QString::fromStdString(explained.json()["items"][0]["map"])));
        QVERIFY(QFile::exists(QString::fromStdString(explained.json()["items"][0]["picture"])));
    }

    void simulateWritesNoEvent()
    {
        const auto before = run({"info", m_project, "--json"}).json()["counts"];
        const Outcome outcome = run({"simulate", m_project, "--rounds", "2", "--batch", "10", "--repeat", "2", "--run", "none",
                                         "--model", "tiny", "--size", "32", "--epochs", "2", "--json"}, 300);
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        QCOMPARE(outcome.json()["rows"].size(), std::size_t(2 * 2 * 2 * 4));
        QVERIFY(run({"info", m_project, "--json"}).json()["counts"] == before);
    }

    void exportReportVerify()
    {
        for (const char* format : {"csv", "jsonl", "imagefolder"}) {
            const QString target = m_folder.filePath(QStringLiteral("out-") + QLatin1String(format));
            const Outcome outcome = run({"export", m_project, target, "--format", format, "--labelled"});
            QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
            QVERIFY(QFileInfo::exists(target));
        }
        QVERIFY(QFile::exists(m_folder.filePath("out-imagefolder/MANIFEST.json")));
        const QString page = m_folder.filePath("report.html");
        QCOMPARE(run({"report", m_project, "--out", page}).code, 0);
        QFile file(page);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray html = file.readAll();
        QVERIFY(html.contains("<svg") && !html.contains("http://") && !html.contains("person"));
        QCOMPARE(run({"verify", m_project, "--rebuild"}).code, 0);
    }

    void completionNamesEveryVerb()
    {
        for (const char* shell : {"bash", "zsh", "fish"})
            for (const char* verb : {"import", "pretrain", "simulate", "export"})
                QVERIFY(run({"completion", shell}).out.contains(QLatin1String(verb)));
    }

    void doctorFindsAllParts()
    {
        const Outcome outcome = run({"doctor", "--json"});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.out + outcome.err));
        QVERIFY(outcome.json()["decoder"]["ok"].get<bool>());
        QVERIFY(outcome.json()["engine"]["ok"].get<bool>());
    }

    void interruptedTrainingEndsWithItsCodeAndGoesOn()
    {
        QProcess process;
        process.start(QStringLiteral(FOVEATE_BIN_DIR "/foveate"),
                      {"train", m_project, "--run", "none", "--model", "tiny", "--size", "32", "--epochs", "5000"});
        QVERIFY(process.waitForStarted());
        const QString runs = m_project + "/runs";
        const int before = int(QDir(runs).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size());
        QTRY_VERIFY_WITH_TIMEOUT(QDir(runs).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size() > before, 20000);
        QTest::qWait(4000);
        ::kill(pid_t(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.exitCode(), 130);
        QCOMPARE(run({"info", m_project}).code, 0);
    }
};

QTEST_GUILESS_MAIN(VerbsTest)
#include "tst_verbs.moc"
