// SPDX-License-Identifier: GPL-3.0-or-later
#include "EngineProgram.h"
#include "base/Manifest.h"
#include "base/Npy.h"
#include "support/ExampleRun.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <signal.h>

using namespace foveate;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

QByteArray bytesOf(const std::string& path)
{
    return QByteArray::fromStdString(readFile(path).value_or(std::string()));
}

/// The files that have to be the same when a run is repeated or resumed.
const char* const kResults[] = {"weights.safetensors", "probabilities.npy", "features.npy", "rows.npy",
                                "metrics.jsonl"};

ExampleRun longRun()
{
    ExampleRun example;
    example.options["epochs"] = 100;
    example.options["validate_from"] = 20;
    example.options["patience"] = 1000;
    return example;
}

json jsonOf(const std::string& path)
{
    return json::parse(readFile(path).value_or(std::string()), nullptr, false);
}

} // namespace

class RunTest : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    std::string m_reference; ///< longRun() without a break

    std::string place(const char* name) const { return m_folder.filePath(name).toStdString(); }

    std::string prepared(const char* name, const ExampleRun& example) const
    {
        const std::string folder = place(name);
        if (!example.write(folder))
            qFatal("no run folder");
        return folder;
    }

    /// The same for a job that goes on from the reference run's weights.
    std::string preparedOnReference(const char* name, const ExampleRun& example) const
    {
        const std::string folder = prepared(name, example);
        fs::copy(m_reference + "/weights.safetensors", folder + "/input/weights.safetensors");
        Snapshot snapshot = example.snapshot();
        snapshot.parent = "weights.safetensors";
        [[maybe_unused]] const Status written = writeSnapshot(folder, snapshot);
        return folder;
    }

    void compareWithReference(const std::string& folder) const
    {
        for (const char* file : kResults)
            QVERIFY2(bytesOf(folder + "/" + file) == bytesOf(m_reference + "/" + file), file);
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_reference = prepared("reference", longRun());
        const EngineEnd end = runEngineProgram(m_reference);
        QVERIFY2(end.exitCode == 0, end.errors.constData());
    }

    void saysWhatItDoes()
    {
        const std::string folder = prepared("plain", ExampleRun());
        const EngineEnd end = runEngineProgram(folder);
        QCOMPARE(end.exitCode, 0);
        QVERIFY(end.events.front().at("event") == json("hello"));
        QVERIFY(end.events.front().at("version") == json(1));
        QVERIFY(end.last().at("event") == json("done"));
        QVERIFY(end.count("heartbeat") >= 1);
        QVERIFY(end.count("checkpoint") >= 1);
        const auto lastProgress = std::find_if(end.events.rbegin(), end.events.rend(), [](const json& event) {
            return event.value("event", "") == "progress";
        });
        QVERIFY(lastProgress->at("stage") == json("scoring"));
        QVERIFY(lastProgress->at("step") == json(96));
    }

    void leavesAWholeFolder()
    {
        QVERIFY(verifyManifest(m_reference).has_value());
        const json run = jsonOf(m_reference + "/run.json");
        QVERIFY(run.at("options").at("epochs") == json(100));
        QVERIFY(run.at("capability").at("dtype") == json("float32"));
        QVERIFY(run.at("capability").at("threads") == json(1));
        QVERIFY(run.at("seed") == json(1));
        QVERIFY(!fs::exists(m_reference + "/checkpoints"));
        QVERIFY(jsonOf(m_reference + "/result.json").at("epochs") == json(100));
    }

    void learnsWhatThereIsToLearn()
    {
        const Array<float> probabilities = *readNpy<float>(m_reference + "/probabilities.npy");
        const Array<float> features = *readNpy<float>(m_reference + "/features.npy");
        const Array<std::int64_t> rows = *readNpy<std::int64_t>(m_reference + "/rows.npy");
        QCOMPARE(probabilities.shape, (std::vector<std::size_t>{96, 2}));
        QCOMPARE(features.shape, (std::vector<std::size_t>{96, 64}));
        int right = 0;
        for (std::size_t i = 0; i < 96; ++i) {
            QCOMPARE(rows.data[i], std::int64_t(i));
            QVERIFY(std::abs(probabilities.data[2 * i] + probabilities.data[2 * i + 1] - 1) < 1e-5F);
            right += (probabilities.data[2 * i + 1] > .5F ? 1 : 0) == ExampleRun::classOf(int(i)) ? 1 : 0;
        }
        QVERIFY2(right >= 90, qPrintable(QString::number(right)));
    }

    void sameSeedSameBytes()
    {
        const std::string again = prepared("again", longRun());
        QCOMPARE(runEngineProgram(again).exitCode, 0);
        compareWithReference(again);
        ExampleRun other = longRun();
        other.seed = 2;
        const std::string different = prepared("other", other);
        QCOMPARE(runEngineProgram(different).exitCode, 0);
        QVERIFY(bytesOf(different + "/weights.safetensors") != bytesOf(m_reference + "/weights.safetensors"));
    }

    void killedAndStartedAgainEqualsAnUnbrokenRun()
    {
        const std::string folder = prepared("killed", longRun());
        int starts = 0;
        EngineEnd end;
        do {
            ++starts;
            int seen = 0;
            end = runEngineProgram(folder, [&](const json& event, QProcess& process) {
                // Four times, each after a checkpoint of its own, in the middle of what follows.
                if (event.value("event", "") == "checkpoint" && ++seen == 1 && starts <= 4)
                    ::kill(pid_t(process.processId()), SIGKILL);
            });
        } while (end.exitCode != 0 && starts < 10);
        QCOMPARE(end.exitCode, 0);
        QVERIFY(starts >= 3);
        compareWithReference(folder);
    }

    void stopsAfterACheckpointAndGoesOn()
    {
        const std::string folder = prepared("stopped", longRun());
        bool asked = false;
        const EngineEnd stopped = runEngineProgram(folder, [&asked](const json& event, QProcess& process) {
            if (event.value("event", "") == "progress" && event.value("step", 0) >= 5 && !asked) {
                asked = true;
                process.terminate();
            }
        });
        QCOMPARE(stopped.exitCode, 130);
        QVERIFY(stopped.last().at("code") == json("cancelled"));
        QVERIFY(!QDir(QString::fromStdString(folder + "/checkpoints")).isEmpty());
        QVERIFY(!hasManifest(folder));
        QCOMPARE(runEngineProgram(folder).exitCode, 0);
        compareWithReference(folder);
    }

    void needsNothingButTheFolder()
    {
        const std::string folder = prepared("home", ExampleRun());
        const std::string moved = place("somewhere else");
        fs::rename(folder, moved);
        QProcess process;
        QProcessEnvironment bare;
        bare.insert(QStringLiteral("HOME"), QStringLiteral("/nonexistent"));
        process.setProcessEnvironment(bare);
        process.setWorkingDirectory(QStringLiteral("/"));
        process.start(engineProgram(), {QStringLiteral("run"), QString::fromStdString(moved)});
        QVERIFY(process.waitForFinished(120000));
        QCOMPARE(process.exitCode(), 0);
        QVERIFY(verifyManifest(moved).has_value());
    }

    void leavesAFinishedFolderAlone()
    {
        const QByteArray before = bytesOf(m_reference + "/MANIFEST.json");
        const auto written = fs::last_write_time(m_reference + "/weights.safetensors");
        const EngineEnd end = runEngineProgram(m_reference);
        QCOMPARE(end.exitCode, 0);
        QVERIFY(end.last().at("event") == json("done"));
        QCOMPARE(bytesOf(m_reference + "/MANIFEST.json"), before);
        QVERIFY(fs::last_write_time(m_reference + "/weights.safetensors") == written);
    }

    void followsWithPredictionMapsAndFeatures()
    {
        for (const char* job : {"predict", "embed", "explain"}) {
            ExampleRun example;
            example.job = job;
            example.options = json::object();
            if (example.job == "explain")
                example.options = {{"rows", {3, 4}}, {"class", 1}};
            if (example.job == "predict")
                example.options = {{"mc", 5}};
            const std::string folder = preparedOnReference(job, example);
            const EngineEnd end = runEngineProgram(folder);
            QVERIFY2(end.exitCode == 0, end.last().dump().c_str());
        }
        QCOMPARE(bytesOf(place("predict") + "/probabilities.npy"), bytesOf(m_reference + "/probabilities.npy"));
        QCOMPARE(readNpy<float>(place("predict") + "/mc.npy")->shape, (std::vector<std::size_t>{5, 96, 2}));
        QCOMPARE(bytesOf(place("embed") + "/features.npy"), bytesOf(m_reference + "/features.npy"));
        const Array<float> map = *readNpy<float>(place("explain") + "/maps/0000000000000003-gradcam-1.npy");
        QCOMPARE(map.shape, (std::vector<std::size_t>{32, 32}));
        QCOMPARE(jsonOf(place("explain") + "/maps.json").size(), std::size_t(2));
    }

    /// The parent's float32 is the number type that its run found best here, not a wish for PyTorch's operations.
    void aRunOnWeightsKeepsTheFastLayers()
    {
        ExampleRun example;
        example.options["epochs"] = 1;
        for (const char* dtype : {"auto", "float32"}) {
            example.dtype = dtype;
            const std::string folder = preparedOnReference(dtype, example);
            QCOMPARE(runEngineProgram(folder).exitCode, 0);
            const json capability = jsonOf(folder + "/run.json")["capability"];
            QCOMPARE(capability["dtype"].get<std::string>(), std::string("float32"));
            QCOMPARE(capability["fast_layers"].get<bool>(), example.dtype == "auto");
        }
    }

    void explainsByEveryMethod_data()
    {
        QTest::addColumn<QString>("method");
        for (const char* method : {"gradcam", "deep-taylor", "occlusion", "random-occlusion", "uncertainty"})
            QTest::newRow(method) << method;
    }

    /// With regions and robustness; twice gives the same bytes.
    void explainsByEveryMethod()
    {
        QFETCH(QString, method);
        QByteArray before;
        for (const char* time : {"once", "twice"}) {
            ExampleRun example;
            example.job = "explain";
            example.options = {{"rows", {5}},     {"method", method.toStdString()},
                               {"regions", true}, {"robustness", 3},
                               {"window", 8},     {"stride", 4},
                               {"boxes", 12},     {"passes", 4}};
            const std::string folder = prepared(qPrintable(method + time), example);
            Snapshot snapshot = example.snapshot();
            snapshot.parent = "weights.safetensors";
            fs::copy(m_reference + "/weights.safetensors", folder + "/input/weights.safetensors");
            QVERIFY(writeSnapshot(folder, snapshot).has_value());
            const EngineEnd end = runEngineProgram(folder);
            QVERIFY2(end.exitCode == 0, end.last().dump().c_str());
            const json item = jsonOf(folder + "/maps.json").at(0);
            QVERIFY(item.at("high").get<double>() > item.at("low").get<double>());
            QVERIFY(item.at("lost").get<double>() >= 0 && item.at("lost").get<double>() < .05);
            QVERIFY(item.at("primary").at("share").get<double>() > 0);
            QVERIFY(item.at("robustness").at("overlap").get<double>() <= 1);
            const auto regions = readNpy<std::uint8_t>(folder + "/" + item.at("regions").get<std::string>());
            QVERIFY(regions.has_value() && std::count(regions->data.begin(), regions->data.end(), 1) > 0);
            const QByteArray bytes = bytesOf(folder + "/" + item.at("map").get<std::string>());
            QVERIFY(before.isEmpty() || bytes == before);
            before = bytes;
        }
    }

    void aStoppedMapGoesOn()
    {
        ExampleRun example;
        example.job = "embed";
        example.options = {{"map", "umap"}, {"rounds", 20000}, {"clusters", 2}};
        const std::string whole = preparedOnReference("map", example),
                          stopped = preparedOnReference("stopped map", example);
        QCOMPARE(runEngineProgram(whole).exitCode, 0);
        bool asked = false;
        const EngineEnd end = runEngineProgram(stopped, [&asked](const json& event, QProcess& process) {
            if (event.value("stage", "") == "layout" && event.value("step", 0) > 0 && !asked) {
                asked = true;
                process.terminate();
            }
        });
        QCOMPARE(end.exitCode, 130);
        QVERIFY(!QDir(QString::fromStdString(stopped + "/checkpoints")).isEmpty());
        QCOMPARE(runEngineProgram(stopped).exitCode, 0);
        for (const char* file : {"/features.npy", "/map.npy", "/clusters.npy", "/result.json"})
            QVERIFY2(bytesOf(stopped + file) == bytesOf(whole + file), file);
        const json result = jsonOf(whole + "/result.json");
        QVERIFY(result.at("map").at("trustworthiness").get<double>() > .7);
        QCOMPARE(result.at("clusters").at("sizes").size(), std::size_t(2));

        // The next round goes on from this map: the same features, so nothing turns or moves away.
        example.options = {{"map", "umap"}, {"rounds", 50}};
        const std::string next = preparedOnReference("next map", example);
        fs::copy(whole + "/map.npy", next + "/input/previous-map.npy");
        fs::copy(whole + "/rows.npy", next + "/input/previous-rows.npy");
        QCOMPARE(runEngineProgram(next).exitCode, 0);
        const std::vector<float> before = readNpy<float>(whole + "/map.npy")->data,
                                 after = readNpy<float>(next + "/map.npy")->data;
        double moved = 0, extent = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            moved += std::pow(double(after[i]) - double(before[i]), 2);
            extent += std::pow(double(before[i]) - double(before[i % 2]), 2);
        }
        QVERIFY2(moved < .3 * extent, qPrintable(QString::number(moved / extent)));
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("code");
        QTest::addColumn<int>("exitCode");
        QTest::newRow("no labels") << "labels"
                                   << "needs-labels" << 3;
        QTest::newRow("a patient on two sides") << "patient"
                                                << "patient-split" << 3;
        QTest::newRow("no parent") << "parent"
                                   << "needs-training" << 4;
        QTest::newRow("a damaged pack") << "pack"
                                        << "corrupt" << 3;
        QTest::newRow("a snapshot that is no JSON") << "snapshot"
                                                    << "bad-input" << 3;
        QTest::newRow("an option that does not exist") << "option"
                                                       << "usage" << 2;
        QTest::newRow("a method that does not exist") << "method"
                                                      << "usage" << 2;
        QTest::newRow("weights with the classes in another order") << "classes"
                                                                   << "wrong-shape" << 3;
        QTest::newRow("a learning rate that explodes") << "explode"
                                                       << "non-finite" << 1;
        QTest::newRow("a GPU that is not asked for in vain") << "gpu"
                                                             << "device-missing" << 5;
    }

    void refuses()
    {
        QFETCH(QString, what);
        QFETCH(QString, code);
        QFETCH(int, exitCode);
        ExampleRun example;
        if (what == "labels")
            example.labels = 0;
        if (what == "parent" || what == "classes")
            example.job = "predict", example.options = json::object();
        if (what == "option")
            example.options["optimiser"] = "magic";
        if (what == "method")
            example.job = "explain", example.options = {{"method", "tea-leaves"}};
        if (what == "explode")
            example.options["learning_rate"] = 1e38;
        const std::string folder = prepared(qPrintable("refused " + what), example);
        if (what == "method" || what == "classes") {
            Snapshot snapshot = example.snapshot();
            if (what == "classes")
                std::swap(snapshot.classes[0], snapshot.classes[1]);
            snapshot.parent = "weights.safetensors";
            fs::copy(m_reference + "/weights.safetensors", folder + "/input/weights.safetensors");
            QVERIFY(writeSnapshot(folder, snapshot).has_value());
        }
        if (what == "patient") {
            Snapshot snapshot = example.snapshot();
            snapshot.samples[0].split = Split::test;
            QVERIFY(writeSnapshot(folder, snapshot).has_value());
        }
        if (what == "pack")
            fs::resize_file(folder + "/input/pack", 5000);
        if (what == "snapshot")
            std::ofstream(folder + "/input/snapshot.json") << "{\"format\":1,";
        if (what == "gpu") {
            Snapshot snapshot = example.snapshot();
            snapshot.device = "cuda";
            QVERIFY(writeSnapshot(folder, snapshot).has_value());
            if (fs::exists("/dev/nvidiactl"))
                QSKIP("skipped: this machine has a GPU");
        }
        const EngineEnd end = runEngineProgram(folder);
        QVERIFY2(end.last().value("code", "") == code.toStdString(), end.last().dump().c_str());
        QCOMPARE(end.exitCode, exitCode);
        QVERIFY(!hasManifest(folder));
        QVERIFY(!fs::exists(folder + "/probabilities.npy"));
    }

    void namesAMissingFolder()
    {
        const EngineEnd end = runEngineProgram(place("none"));
        QCOMPARE(end.exitCode, 4);
        QVERIFY(end.last().at("code") == json("not-found"));
        QProcess process;
        process.start(engineProgram(), {QStringLiteral("walk")});
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.exitCode(), 2);
    }
};

QTEST_GUILESS_MAIN(RunTest)
#include "tst_run.moc"
