// SPDX-License-Identifier: GPL-3.0-or-later
// Pre-training on what is no good: each ends as faults.md C and D say, and nothing that is not finite is published.
#include "CappedMemory.h"
#include "PretrainStudy.h"
#include "base/Npy.h"
#include "learn/Network.h"
#include "learn/Safetensors.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>

using namespace foveate;
using namespace foveate::learn;
using namespace foveate::learn::ssl;

namespace {

Setting evaluated(const json& changes)
{
    Setting setting{quick({{"evaluate", true}, {"monitor_every", 1}})};
    setting.options.update(changes);
    setting.truth = true;
    return setting;
}

bool allFinite(const std::string& folder)
{
    const auto weights = readSafetensors(folder + "/weights.safetensors");
    const auto features = readNpy<float>(folder + "/features.npy");
    return weights && features &&
           std::all_of(features->data.begin(), features->data.end(), [](float v) { return std::isfinite(v); }) &&
           std::all_of(weights->tensors.begin(), weights->tensors.end(), [](const auto& item) {
               return !item.second.is_floating_point() || at::isfinite(item.second).all().template item<bool>();
           });
}

} // namespace

class TstBadRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void batchOfOne()
    {
        Setting one{quick({{"batch", 1}})};
        QCOMPARE(prepareAndRun(folder("one"), one).error().code, Code::usage);
        // An odd image is never left alone: 3 and 2, not 2, 2 and 1.
        Setting odd{quick({{"batch", 2}})};
        odd.training = 5;
        QVERIFY(prepareAndRun(folder("odd"), odd));
        QVERIFY(allFinite(folder("odd")));
    }

    void oneClassCannotBeEvaluated()
    {
        const Setting setting = evaluated(json::object());
        QVERIFY(prepare(folder("run"), setting));
        std::vector<std::pair<std::int64_t, int>> truth;
        for (int i = 0; i < kAll; ++i)
            truth.emplace_back(i, 1);
        QVERIFY(writeTruth(folder("run"), truth));
        const Status status = run(folder("run"));
        QCOMPARE(status.error(), (Error{Code::needsClasses, {"1"}}));
    }

    void equalImagesAreTold_data()
    {
        QTest::addColumn<QString>("method");
        for (const char* method : {"simclr", "dcl", "dclw", "simsiam", "vicreg"})
            QTest::newRow(method) << QString(method);
    }

    void equalImagesAreTold()
    {
        QFETCH(QString, method);
        Setting setting = evaluated({{"method", method.toStdString()}, {"preset", "none"}, {"epochs", 4}});
        setting.equal = true;
        const Status status = prepareAndRun(folder("run"), setting);
        QVERIFY2(status, qPrintable(words(status)));
        QCOMPARE(document(folder("run") + "/result.json").at("collapsed").get<bool>(), true);
        QVERIFY(allFinite(folder("run")));
    }

    void aMillionForALearningRate_data()
    {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("optimiser");
        for (const char* method : {"simclr", "dcl", "simsiam", "vicreg"})
            for (const char* optimiser : {"adam", "adamw", "lamb", "sgd"})
                QTest::addRow("%s by %s", method, optimiser) << QString(method) << QString(optimiser);
    }

    /// Whatever the network makes of it, no number that is none leaves the run.
    void aMillionForALearningRate()
    {
        QFETCH(QString, method);
        QFETCH(QString, optimiser);
        const Setting setting = evaluated({{"method", method.toStdString()},
                                           {"optimiser", optimiser.toStdString()},
                                           {"learning_rate", 1e6},
                                           {"warm_up", 0}});
        const Status status = prepareAndRun(folder("run"), setting);
        if (status) {
            QVERIFY(allFinite(folder("run")));
            return;
        }
        QCOMPARE(status.error().code, Code::nonFinite);
        QVERIFY(!std::filesystem::exists(folder("run") + "/MANIFEST.json"));
        QVERIFY(!std::filesystem::exists(folder("run") + "/features.npy"));
    }

    void littleMemoryHalvesTheBatch()
    {
        const Setting setting{quick({{"batch", 16}, {"epochs", 2}})};
        std::size_t needed = 0;
        {
            const CappedMemory all(std::size_t(1) << 40);
            const Status status = prepareAndRun(folder("free"), setting);
            QVERIFY2(status, qPrintable(words(status)));
            needed = all.peak();
        }
        QCOMPARE(document(folder("free") + "/result.json").at("batch").get<int>(), 16);
        const CappedMemory cap(needed - 4096);
        const Status status = prepareAndRun(folder("capped"), setting);
        QVERIFY2(status, qPrintable(words(status)));
        const int batch = document(folder("capped") + "/result.json").at("batch").get<int>();
        QVERIFY2(batch < 16 && batch >= 2, qPrintable(QString::number(batch)));
        QVERIFY(allFinite(folder("capped")));
    }

    void tooLittleMemoryIsSaid()
    {
        // A network of two million parameters and its moments, then no room for a step of any size.
        const Setting setting{quick({{"method", "simsiam"}, {"batch", 16}})};
        std::size_t start = 0;
        QVERIFY(prepare(folder("start"), setting));
        {
            const CappedMemory all(std::size_t(1) << 40);
            const JobMaker onlyMade = [](RunContext context) -> Result<std::unique_ptr<RunJob>> {
                FOVEATE_TRY([[maybe_unused]] const auto job, makePretrainJob(std::move(context)));
                return fail(Code::cancelled);
            };
            std::atomic<bool> stop{false};
            QCOMPARE(runEngine(folder("start"), {{"pretrain", onlyMade}}, {}, {}, stop).error().code, Code::cancelled);
            start = all.peak();
        }
        QVERIFY(prepare(folder("run"), setting));
        const CappedMemory cap(start + 65536);
        const Status status = run(folder("run"));
        QVERIFY(!status);
        QCOMPARE(status.error(), (Error{Code::outOfMemory, {"cpu"}}));
        QVERIFY(!std::filesystem::exists(folder("run") + "/weights.safetensors"));
    }

    void foreignParents_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<int>("code");
        QTest::newRow("tensors of another network") << "tensors" << int(Code::wrongShape);
        QTest::newRow("a network nobody knows") << "model" << int(Code::notFound);
        QTest::newRow("three channels for grey images") << "channels" << int(Code::wrongShape);
        QTest::newRow("half a word about itself") << "metadata" << int(Code::badInput);
        QTest::newRow("cut short") << "cut" << int(Code::corrupt);
        QTest::newRow("no numbers") << "nan" << int(Code::nonFinite);
    }

    void foreignParents()
    {
        QFETCH(QString, what);
        QFETCH(int, code);
        QVERIFY(prepareAndRun(folder("parent"), {quick({{"epochs", 0}})}));
        Weights weights = *readSafetensors(folder("parent") + "/weights.safetensors");
        if (what == "tensors")
            weights.metadata["model"] = "resnet18";
        if (what == "model")
            weights.metadata["model"] = "../../etc/passwd";
        if (what == "channels")
            weights.metadata["channels"] = "3";
        if (what == "metadata")
            weights.metadata.erase("size");
        if (what == "nan")
            weights.tensors.at("conv1.weight")[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
        QVERIFY(prepare(folder("child"), {quick()}));
        const std::string path = folder("child") + "/input/weights.safetensors";
        QVERIFY(writeSafetensors(path, weights));
        if (what == "cut")
            std::filesystem::resize_file(path, std::filesystem::file_size(path) - 100);
        Snapshot snapshot = *readSnapshot(folder("child"));
        snapshot.parent = "weights.safetensors";
        QVERIFY(writeSnapshot(folder("child"), snapshot));
        const Status status = run(folder("child"));
        QVERIFY(!status);
        QVERIFY2(int(status.error().code) == code, qPrintable(words(status)));
        QVERIFY(!std::filesystem::exists(folder("child") + "/weights.safetensors"));
    }

    /// Those say nothing of themselves: the options tell the network, and ImageNet's normalisation is taken.
    void weightsOfOtherProgramsAreStartedFrom()
    {
        QVERIFY(prepareAndRun(folder("parent"), {quick({{"epochs", 0}})}));
        Weights weights = *readSafetensors(folder("parent") + "/weights.safetensors");
        weights.metadata.clear();
        QVERIFY(prepare(folder("child"), {quick({{"epochs", 0}})}));
        QVERIFY(writeSafetensors(folder("child") + "/input/weights.safetensors", weights));
        Snapshot snapshot = *readSnapshot(folder("child"));
        snapshot.parent = "weights.safetensors";
        QVERIFY(writeSnapshot(folder("child"), snapshot));
        QVERIFY(run(folder("child")));
        const Weights own = *readSafetensors(folder("child") + "/weights.safetensors");
        QVERIFY(at::equal(own.tensors.at("conv1.weight"), weights.tensors.at("conv1.weight")));
        QVERIFY(json::parse(own.metadata.at("mean"))[0].get<double>() < .46);
    }

    void goodParentsAreGoneOnWith()
    {
        QVERIFY(prepareAndRun(folder("parent"), {quick({{"epochs", 1}})}));
        QVERIFY(prepare(folder("child"), {quick({{"epochs", 0}})}));
        std::filesystem::copy_file(folder("parent") + "/weights.safetensors",
                                   folder("child") + "/input/weights.safetensors");
        Snapshot snapshot = *readSnapshot(folder("child"));
        snapshot.parent = "weights.safetensors";
        QVERIFY(writeSnapshot(folder("child"), snapshot));
        QVERIFY(run(folder("child")));
        QCOMPARE(content(folder("child") + "/features.npy"), content(folder("parent") + "/features.npy"));
        const json inputs = document(folder("child") + "/run.json").at("inputs");
        QCOMPARE(inputs.at("weights.safetensors").get<std::string>().size(), std::size_t(64));
    }

private:
    std::string folder(const char* name) const { return m_folder->filePath(name).toStdString(); }
    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(TstBadRuns)
#include "tst_bad_runs.moc"
