// SPDX-License-Identifier: GPL-3.0-or-later
// The main job by the command alone, on small pictures: import, label, train, select, simulate, export, verify.
#include "app/Command.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>

using foveate::test::makeStudy;
using foveate::test::Outcome;
using foveate::test::run;

class VerbsTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_project;

private Q_SLOTS:
    void initTestCase()
    {
        m_project = makeStudy(m_folder.path(), 120);
        QVERIFY(!m_project.isEmpty());
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
        const Outcome trained =
            run({"train", m_project, "--run", "none", "--model", "tiny", "--size", "32", "--epochs", "60", "--json"});
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

        const Outcome fine = run({"explain", m_project, "--ids", id, "--method", "deep-taylor", "--regions", "--json"});
        QVERIFY2(fine.code == 0, qPrintable(fine.err));
        const auto item = fine.json()["items"][0];
        QVERIFY(item["lost"].get<double>() >= 0);
        QVERIFY(item["class"].is_string());
        QVERIFY(item["scale"][0].get<double>() <= 0 && item["scale"][1] == item["high"]);
        QVERIFY(QFile::exists(QString::fromStdString(item["regions"])));
        QVERIFY(item["primary"]["share"].get<double>() <= 1);
        QCOMPARE(run({"explain", m_project, "--ids", id, "--method", "tea-leaves"}).code, 2);
    }

    void embeddingMapsEveryImageTheSameWayTwice()
    {
        const QStringList words{"embed", m_project, "--map", "umap", "--neighbours", "5", "--clusters", "2", "--json"};
        const Outcome first = run(words);
        QVERIFY2(first.code == 0, qPrintable(first.err));
        const auto map = first.json()["map"];
        QVERIFY(map["trustworthiness"].get<double>() > .5 && map["trustworthiness"].get<double>() <= 1);
        QVERIFY(map["after"].is_null());
        const auto bytes = [](const auto& document) {
            QFile file(QString::fromStdString(document["map"]["file"]));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        QVERIFY(bytes(first.json()).size() > 120 * 2 * 4);
        QCOMPARE(bytes(run(words).json()), bytes(first.json()));
        const Outcome held = run(words + QStringList{"--hold"});
        QVERIFY(held.json()["map"]["after"].is_string());
        QCOMPARE(bytes(held.json()), bytes(first.json())); // nothing is new, so nothing moves
        QCOMPARE(run({"embed", m_project, "--map", "globe"}).code, 2);
        QCOMPARE(run({"embed", m_project, "--map", "umap", "--after", "0000-none"}).code, 4);
    }

    void simulateWritesNoEvent()
    {
        const auto before = run({"info", m_project, "--json"}).json()["counts"];
        const Outcome outcome = run({"simulate", m_project, "--rounds", "2", "--batch", "10", "--repeat", "2", "--run",
                                     "none", "--model", "tiny", "--size", "32", "--epochs", "2", "--json"},
                                    300);
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        QCOMPARE(outcome.json()["rows"].size(), std::size_t(2 * 2 * 2 * 4));
        QVERIFY(run({"info", m_project, "--json"}).json()["counts"] == before);
    }

    void evaluationSaysEverything()
    {
        const auto evaluation = run({"evaluate", m_project, "--json"}).json();
        for (const char* key : {"accuracy", "balanced_accuracy", "auc", "ece", "precision_macro", "recall_macro",
                                "f1_macro", "precision_weighted", "recall_weighted", "f1_weighted"})
            QVERIFY2(evaluation.contains(key) && evaluation["interval"].contains(key), key);
        QVERIFY(evaluation["per_class"][1]["class"] == "B");
        QVERIFY(evaluation["per_class"][1]["f1"].get<double>() > 0);
        QVERIFY(run({"evaluate", m_project}).out.contains(QStringLiteral("Confusion")));
    }

    void fourWaysToLearnWithoutLabels()
    {
        const Outcome outcome = run({"pretrain", m_project, "--method", "all", "--model", "tiny", "--size", "32",
                                     "--epochs", "2", "--batch", "28", "--evaluate", "--json"},
                                    300);
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        const auto rows = outcome.json();
        const char* const methods[] = {"random", "simclr", "dcl", "simsiam", "vicreg"};
        QCOMPARE(rows.size(), std::size_t(5));
        for (std::size_t i = 0; i < 5; ++i) {
            QVERIFY(rows[i]["method"] == methods[i]);
            QVERIFY(rows[i]["epochs"] == (i == 0 ? 0 : 2));
            for (const char* figure : {"knn", "probe", "probe_linear"})
                QVERIFY(rows[i][figure].contains("accuracy") && rows[i][figure].contains("f1_weighted"));
        }
        const Outcome again = run({"verify", m_project, "--rerun", QString::fromStdString(rows[1]["run"])}, 120);
        QVERIFY2(again.code == 0, qPrintable(again.out + again.err));
    }

    void viewsAreDrawn()
    {
        const QString sheet = m_folder.filePath("views.png");
        const int before = int(QDir(m_project + "/runs").entryList(QDir::Dirs | QDir::NoDotAndDotDot).size());
        const Outcome outcome = run({"pretrain", m_project, "--size", "32", "--show-views", sheet, "--json"});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        QVERIFY(outcome.json()["images"] == 8 && outcome.json()["preset"]["name"] == "grey");
        QVERIFY(QFileInfo(sheet).size() > 10000);
        QCOMPARE(int(QDir(m_project + "/runs").entryList(QDir::Dirs | QDir::NoDotAndDotDot).size()), before);
        QVERIFY(QDir(m_project + "/cache").entryList({"views-*"}, QDir::Dirs).isEmpty());
    }

    void interruptedPretrainingGoesOn()
    {
        QProcess process;
        process.start(QStringLiteral(FOVEATE_BIN_DIR "/foveate"),
                      {"pretrain", m_project, "--model", "tiny", "--size", "32", "--epochs", "600", "--batch", "28",
                       "--method", "simsiam"});
        QVERIFY(process.waitForStarted());
        const auto saved = [&] {
            const QDir runs(m_project + "/runs");
            const QString newest = runs.entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name).last();
            return !QDir(runs.filePath(newest + "/checkpoints")).isEmpty();
        };
        QTRY_VERIFY_WITH_TIMEOUT(saved(), 60000);
        ::kill(pid_t(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.exitCode(), 130);
        const QString said = QString::fromUtf8(process.readAllStandardError());
        const QString id = said.section(QStringLiteral("Run "), 1).section(u' ', 0, 0);
        QVERIFY2(id.endsWith(QStringLiteral("-pretrain")), qPrintable(said));
        const Outcome rest = run({"pretrain", m_project, "--resume", id, "--json"}, 300);
        QVERIFY2(rest.code == 0, qPrintable(rest.err));
        QVERIFY(rest.json()["epochs"] == 600 && rest.json()["run"] == id.toStdString());
        QCOMPARE(run({"pretrain", m_project, "--resume", id}).code, 4); // finished
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
