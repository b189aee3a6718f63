// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's job "select" as others see it: a folder in, select.json out.
#include "engine/EngineProgram.h"
#include "support/ExampleRun.h"

#include "base/Manifest.h"
#include "base/Npy.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

using namespace foveate;
using nlohmann::json;
namespace fs = std::filesystem;

class SelectTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::string m_trained;

    std::string place(const std::string& name) const { return m_folder.path().toStdString() + "/" + name; }

    static QByteArray bytesOf(const std::string& path)
    {
        QFile file(QString::fromStdString(path));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("none");
    }

    /// A select run on the trained weights; `lend`: with the numbers that the training left.
    std::string prepared(const std::string& name, json options, bool lend = true, int labels = 40) const
    {
        ExampleRun example;
        example.job = "select";
        example.options = std::move(options);
        example.labels = labels;
        example.threads = 2;
        const std::string folder = place(name);
        if (!example.write(folder))
            return {};
        Snapshot snapshot = example.snapshot();
        snapshot.parent = "weights.safetensors";
        fs::copy(m_trained + "/weights.safetensors", folder + "/input/weights.safetensors");
        for (const char* array : {"rows.npy", "probabilities.npy", "features.npy"})
            if (lend)
                fs::copy(m_trained + "/" + array, folder + "/input/" + array);
        return writeSnapshot(folder, snapshot) ? folder : std::string();
    }

    static json listOf(const std::string& folder)
    {
        return json::parse(std::ifstream(folder + "/select.json"), nullptr, false);
    }

    void verifyList(const json& list, std::size_t size) const
    {
        QCOMPARE(list["items"].size(), size);
        std::set<std::string> ids;
        for (std::size_t i = 0; i < size; ++i) {
            const json& item = list["items"][i];
            QCOMPARE(item["rank"].get<int>(), int(i) + 1);
            QVERIFY(std::isfinite(item["score"].get<double>()));
            ids.insert(item["id"]);
        }
        QCOMPARE(ids.size(), size);
    }

private Q_SLOTS:
    void initTestCase()
    {
        ExampleRun example;
        m_trained = place("trained");
        QVERIFY(example.write(m_trained).has_value());
        QCOMPARE(runEngineProgram(m_trained).exitCode, 0);
    }

    void everyStrategyRanksThePool_data()
    {
        QTest::addColumn<QString>("strategy");
        for (const char* name : {"random", "stratified", "entropy", "mc-dropout", "bald", "coreset", "typical",
                                 "periphery", "periphery-zscore", "periphery-silhouette", "label-spread", "kurtosis",
                                 "kurtosis-reversed", "radiomics-firstorder", "radiomics-glcm-image",
                                 "radiomics-shape2d", "deep-saliency", "proxy", "entropy:.5+kurtosis:.3+random:.2"})
            QTest::newRow(name) << name;
    }

    void everyStrategyRanksThePool()
    {
        QFETCH(QString, strategy);
        const std::string name = "all " + std::to_string(qHash(strategy));
        const std::string folder = prepared(
            name, {{"strategy", strategy.toStdString()}, {"map", "gradcam"}, {"updates", 1}, {"spread_runs", 10}});
        const EngineEnd end = runEngineProgram(folder);
        QVERIFY2(end.exitCode == 0, end.last().dump().c_str());
        QVERIFY(verifyManifest(folder).has_value());
        verifyList(listOf(folder), 32);
        QVERIFY(!fs::exists(folder + "/checkpoints"));
    }

    void numbersThatAreLentAreNotNeeded()
    {
        for (const char* strategy : {"entropy", "coreset", "mc-dropout"}) {
            const json options{{"strategy", strategy}};
            const std::string lent = prepared(std::string("lent ") + strategy, options),
                              own = prepared(std::string("own ") + strategy, options, false);
            QCOMPARE(runEngineProgram(lent).exitCode, 0);
            QCOMPARE(runEngineProgram(own).exitCode, 0);
            QVERIFY(listOf(lent)["items"] == listOf(own)["items"]);
        }
    }

    void stoppedAndGoneOnWithEqualsAnUnbrokenRun()
    {
        const json options{{"strategy", "deep-saliency"}, {"map", "gradcam"}, {"clusters", 2}, {"updates", 4}};
        const std::string whole = prepared("whole", options), broken = prepared("broken", options);
        QCOMPARE(runEngineProgram(whole).exitCode, 0);
        QVERIFY(listOf(whole)["notes"].contains("levels"));
        int starts = 0;
        EngineEnd end;
        do {
            ++starts;
            bool asked = false;
            end = runEngineProgram(broken, [&](const json& event, QProcess& process) {
                const std::string stage = event.value("stage", "");
                if (event.value("event", "") == "progress" && !asked && starts <= 3 &&
                    (stage == "maps" || stage == "updates")) {
                    asked = true;
                    process.terminate();
                }
            });
        } while (end.exitCode == 130 && starts < 10);
        QCOMPARE(end.exitCode, 0);
        QCOMPARE(bytesOf(broken + "/select.json"), bytesOf(whole + "/select.json"));
    }

    void representativesComeBeforeLevels()
    {
        const json options{{"strategy", "deep-saliency"}, {"map", "gradcam"}, {"clusters", 3}};
        const std::string first = prepared("no labels", options, true, 0);
        QCOMPARE(runEngineProgram(first).exitCode, 0);
        const json list = listOf(first);
        QVERIFY(list["items"][0]["reason"] == "representative 1");
        QVERIFY(!list["notes"].contains("levels"));
    }

    void literallyNobodyIsAsked()
    {
        const json options{{"strategy", "deep-saliency"},
                           {"map", "gradcam"},
                           {"clusters", 2},
                           {"updates", 1},
                           {"control", false},
                           {"literal", true}};
        const std::string folder = prepared("literal", options);
        QCOMPARE(runEngineProgram(folder).exitCode, 0);
        const json list = listOf(folder);
        QVERIFY(list["notes"]["rounds"].size() > 1);
        verifyList(list, 32);
    }

    void aPrefilterMapsTheMostUncertainTenth()
    {
        const std::string folder =
            prepared("prefilter", {{"strategy", "kurtosis"}, {"map", "gradcam"}, {"prefilter", true}, {"count", 5}});
        QCOMPARE(runEngineProgram(folder).exitCode, 0);
        const json list = listOf(folder);
        QVERIFY(list["notes"]["mapped"] == 5);
        QVERIFY(list["items"][6]["reason"].get<std::string>().starts_with("not-mapped "));
        verifyList(list, 32);
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("options");
        QTest::addColumn<QString>("code");
        QTest::newRow("no strategy") << R"({})"
                                     << "usage";
        QTest::newRow("an unknown strategy") << R"({"strategy":"tarot"})"
                                             << "not-found";
        QTest::newRow("an unknown option") << R"({"strategy":"random","magic":1})"
                                           << "usage";
        QTest::newRow("a prefilter of the reversed") << R"({"strategy":"kurtosis-reversed","prefilter":true})"
                                                     << "usage";
    }

    void refuses()
    {
        QFETCH(QString, options);
        QFETCH(QString, code);
        const std::string folder =
            prepared("refused " + std::to_string(qHash(options)), json::parse(options.toStdString()));
        const EngineEnd end = runEngineProgram(folder);
        QVERIFY2(end.last().value("code", "") == code.toStdString(), end.last().dump().c_str());
        QVERIFY(!fs::exists(folder + "/select.json"));
    }

    void needsLabelsForWhatSpreadsThem()
    {
        const std::string folder = prepared("unlabelled", {{"strategy", "label-spread"}}, true, 0);
        const EngineEnd end = runEngineProgram(folder);
        QVERIFY2(end.last().value("code", "") == "needs-labels", end.last().dump().c_str());
    }
};

QTEST_GUILESS_MAIN(SelectTest)
#include "tst_select.moc"
