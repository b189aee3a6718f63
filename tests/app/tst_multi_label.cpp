// SPDX-License-Identifier: GPL-3.0-or-later
// A study in which several classes, or none, apply to one image: from the table of labels to the exported folder.
#include "app/Command.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using foveate::test::run;

namespace {

constexpr int kImages = 120;

/// Bright above for class Upper, below for class Lower.
bool writeScan(const std::string& path, unsigned seed, int label)
{
    std::vector<std::uint8_t> pixels(32 * 32);
    for (unsigned i = 0; i < pixels.size(); ++i) {
        const bool bright = (label & 1 && i / 32 < 10) || (label & 2 && i / 32 >= 22);
        pixels[i] = std::uint8_t((i * 7919u + seed * 104729u) % 61 + (bright ? 150 : 30));
    }
    pixels[0] = std::uint8_t(seed);
    return bool(foveate::imaging::writePng(path, {pixels.data(), 32, 32, 1, 8}));
}

QString written(const QString& folder)
{
    const QStringList names{"No Finding", "Upper", "lower", "Lower|Upper"};
    QString table = "path,label,patient,split\n";
    for (int i = 0; i < kImages; ++i) {
        const QString file = QStringLiteral("scan%1.png").arg(i);
        if (!writeScan((folder + '/' + file).toStdString(), unsigned(i), i % 4))
            return {};
        table += QStringLiteral("%1,%2,P%3,%4\n").arg(file, names[i % 4]).arg(i).arg(i % 3 == 0 ? "test" : "train");
    }
    QFile manifest(folder + "/scans.csv");
    return manifest.open(QIODevice::WriteOnly) && manifest.write(table.toUtf8()) > 0 ? manifest.fileName() : QString();
}

} // namespace

class MultiLabelTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_project = m_folder.filePath("several.foveate");

    nlohmann::json json(const QStringList& words, int code = 0)
    {
        const auto outcome = run(words + QStringList{"--json"});
        if (outcome.code != code)
            qWarning("%s: %d %s", qPrintable(words.join(' ')), outcome.code, qPrintable(outcome.err));
        return outcome.code == code ? outcome.json() : nlohmann::json();
    }

private Q_SLOTS:
    void initTestCase()
    {
        const QString manifest = written(m_folder.path());
        QVERIFY(!manifest.isEmpty());
        QCOMPARE(run({"new", m_project, "--classes", "Upper,Lower", "--multi-label", "--modality", "xray",
                      "--pack-size", "32"})
                     .code,
                 0);
        QCOMPARE(run({"import", m_project, manifest, "--split", "split", "--hide-labels"}).code, 0);
        QCOMPARE(run({"label", m_project, "--oracle", "--count", "40"}).code, 0);
        QCOMPARE(run({"train", m_project, "--run", "none", "--model", "tiny", "--size", "32", "--epochs", "60"}).code,
                 0);
    }

    void labelsAreSets()
    {
        const auto info = json({"info", m_project, "--samples"});
        QVERIFY(info["multi_label"] == true);
        std::map<std::string, int> seen;
        for (const auto& sample : info["samples"])
            if (sample["label"].is_string())
                ++seen[sample["label"].get<std::string>()];
        QCOMPARE(seen.size(), std::size_t(4));
        QVERIFY(seen["none"] > 0 && seen["Upper"] > 0 && seen["Lower"] > 0 && seen["Upper|Lower"] > 0);
        QCOMPARE(info["counts"]["per_class"][0].get<int>(), seen["Upper"] + seen["Upper|Lower"]);
        QCOMPARE(info["counts"]["per_class"][1].get<int>(), seen["Lower"] + seen["Upper|Lower"]);
    }

    void eachClassIsLearntForItself()
    {
        const auto evaluation = json({"evaluate", m_project});
        QCOMPARE(evaluation["n"].get<int>(), 40);
        QVERIFY2(evaluation["accuracy"].get<double>() >= .85, evaluation.dump().c_str());
        QVERIFY(evaluation["auc"].get<double>() >= .95);
        QVERIFY(evaluation["confusion"].empty());
        QCOMPARE(evaluation["per_class"].size(), std::size_t(2));
        const auto predicted = json({"predict", m_project});
        int none = 0, both = 0;
        for (const auto& item : predicted["items"]) {
            const bool upper = item["probabilities"][0].get<double>() >= .5;
            const bool lower = item["probabilities"][1].get<double>() >= .5;
            const std::string expected = upper && lower ? "Upper|Lower" : upper ? "Upper" : lower ? "Lower" : "none";
            QCOMPARE(item["class"].get<std::string>(), expected);
            none += expected == "none" ? 1 : 0;
            both += expected == "Upper|Lower" ? 1 : 0;
        }
        QVERIFY(none > 15 && both > 15);
        QCOMPARE(run({"report", m_project}).code, 0);
        const QString some = QString::fromStdString(predicted["items"][0]["id"].get<std::string>());
        QCOMPARE(run({"explain", m_project, "--ids", some, "--class", "Lower"}).code, 0);
    }

    void strategiesAskForTheOpenQuestion()
    {
        const auto predicted = json({"predict", m_project});
        std::map<std::string, double> doubt;
        for (const auto& item : predicted["items"]) {
            double sum = 0;
            for (const double p : item["probabilities"])
                sum -= p * std::log(p) + (1 - p) * std::log(1 - p);
            doubt[item["id"].get<std::string>()] = sum;
        }
        for (const char* strategy :
             {"entropy", "margin", "least-confidence", "bald", "mc-dropout", "coreset", "kurtosis"}) {
            const auto chosen = json({"select", m_project, "--strategy", strategy});
            QVERIFY2(chosen["items"].size() > 0, strategy);
            if (strategy != std::string("entropy"))
                continue;
            for (const auto& item : chosen["items"])
                QVERIFY(std::abs(item["score"].get<double>() - doubt[item["id"].get<std::string>()]) < 1e-4);
            QVERIFY(chosen["items"][0]["reason"].get<std::string>().find("yes or no") != std::string::npos);
        }
        for (const char* strategy : {"label-spread", "proxy", "deep-saliency"}) {
            const auto refused = run({"select", m_project, "--strategy", strategy});
            QCOMPARE(refused.code, 3);
            QVERIFY2(refused.err.contains(strategy) && refused.err.contains("several"), qPrintable(refused.err));
        }
    }

    void studiesSimulated()
    {
        const auto rows = json({"simulate", m_project, "--strategy", "entropy,random", "--rounds", "2", "--batch", "10",
                                "--run", "none", "--model", "tiny", "--size", "32", "--epochs", "2"});
        QCOMPARE(rows["rows"].size(), std::size_t(2 * 2 * 4));
        QCOMPARE(run({"simulate", m_project, "--strategy", "random,label-spread", "--run", "none"}).code, 3);
    }

    void readersLabelBySets()
    {
        const auto info = json({"info", m_project, "--samples"});
        QStringList open;
        for (const auto& sample : info["samples"])
            if (sample["label"].is_null() && sample["split"] == "train")
                open << QString::fromStdString(sample["id"].get<std::string>());
        QFile table(m_folder.filePath("labels.csv"));
        QVERIFY(table.open(QIODevice::WriteOnly));
        table.write(
            QStringLiteral("id,label\n%1,none\n%2,lower | upper\n%3,Hernia\n").arg(open[0], open[1], open[2]).toUtf8());
        table.close();
        const auto outcome = run({"label", m_project, "--file", table.fileName(), "--reader", "Ada", "--ack"});
        QCOMPARE(outcome.code, 7);
        QCOMPARE(outcome.out, QStringLiteral("%1,none\n%2,Upper|Lower\n").arg(open[0], open[1]));
        QVERIFY(outcome.err.contains("Hernia"));
        QCOMPARE(run({"verify", m_project}).code, 0);
    }

    void setsLeaveAsTheyCame()
    {
        const QString folder = m_folder.filePath("subset");
        QCOMPARE(run({"export", m_project, folder, "--format", "imagefolder"}).code, 0);
        for (const char* name : {"none", "Upper", "Lower", "Upper+Lower"})
            QVERIFY2(QFile::exists(folder + "/train/" + name), name);
        QCOMPARE(run({"new", m_folder.filePath("again.foveate"), "--classes", "Upper,Lower", "--multi-label",
                      "--modality", "xray", "--pack-size", "32"})
                     .code,
                 0);
        const auto back = json({"import", m_folder.filePath("again.foveate"), folder + "/metadata.csv", "--labels",
                                "label", "--patient", "patient"});
        QVERIFY2(back["imported"].get<int>() > 40, back.dump().c_str());
        QCOMPARE(back["failed"].size(), std::size_t(0));
        const auto info = json({"info", m_folder.filePath("again.foveate")});
        QVERIFY(info["counts"]["labelled"] == back["imported"]);
    }

    void whatDoesNotFit()
    {
        const auto named = run({"new", m_folder.filePath("x.foveate"), "--classes", "a|b,c", "--multi-label"});
        QCOMPARE(named.code, 3);
        QVERIFY(named.saysOneThing());
        QVERIFY(!QFile::exists(m_folder.filePath("x.foveate")));
        // The database knows what the study is; a changed project.toml does not make it another.
        QFile toml(m_project + "/project.toml");
        QVERIFY(toml.open(QIODevice::ReadWrite));
        const QByteArray text = toml.readAll();
        QVERIFY(text.contains("multi_label = true"));
        toml.resize(0);
        toml.write(QByteArray(text).replace("multi_label = true", "multi_label = false"));
        toml.close();
        QVERIFY(json({"info", m_project})["multi_label"] == true);
        const auto pretrained =
            run({"pretrain", m_project, "--model", "tiny", "--size", "32", "--epochs", "0", "--evaluate"});
        QCOMPARE(pretrained.code, 3);
    }
};

QTEST_GUILESS_MAIN(MultiLabelTest)
#include "tst_multi_label.moc"
