// SPDX-License-Identifier: GPL-3.0-or-later
#include "PretrainStudy.h"
#include "base/Npy.h"
#include "learn/ssl/Evaluation.h"
#include "learn/ssl/PretrainOptions.h"
#include "learn/ssl/PretrainState.h"
#include "learn/ssl/Views.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>

using namespace foveate;
using namespace foveate::learn;
using namespace foveate::learn::ssl;

class TstPretrain : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void writesTheRun();
    void resumesToTheSameBytes_data();
    void resumesToTheSameBytes();
    void accumulationTakesFewerSteps();
    void heldOutImagesAreNotSeen();
    void evaluatesAgainstTruth();
    void evaluatesTheRandomStart();
    void truthIsNotReadUnasked();
    void collapseIsTold();
    void allMethodsRun_data();
    void allMethodsRun();
    void noFiniteLoss();
    void tooFewImages();
    void badOptions_data();
    void badOptions();
    void optionsGoBothWays();
    void stateSurvives();
    void viewsDependOnSeedEpochAndRow();
    void withoutHeldOutPatientsAreHeldBack();

private:
    std::string folder(const char* name) const { return m_folder->filePath(name).toStdString(); }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TstPretrain::writesTheRun()
{
    const Status status = prepareAndRun(folder("run"), {quick()});
    QVERIFY2(status, qPrintable(words(status)));
    const auto features = readNpy<float>(folder("run") + "/features.npy");
    QVERIFY(features);
    QCOMPARE(features->rows(), std::size_t(kAll));
    QCOMPARE(features->columns(), std::size_t(64));
    const json result = document(folder("run") + "/result.json");
    QCOMPARE(result.at("method").get<std::string>(), std::string("simclr"));
    QCOMPARE(result.at("epochs").get<int>(), 3);
    QCOMPARE(result.at("images").get<int>(), kTraining);
    QCOMPARE(result.at("collapsed").get<bool>(), false);
    QVERIFY(std::isfinite(result.at("loss").get<double>()));
    QVERIFY(!result.contains("knn"));
    const json options = document(folder("run") + "/run.json").at("options");
    QCOMPARE(options.at("learning_rate").get<double>(), 1e-3 * 8 / 128);
    QCOMPARE(options.at("preset").at("name").get<std::string>(), std::string("grey"));
    int lines = 0;
    std::istringstream metrics(content(folder("run") + "/metrics.jsonl"));
    for (std::string line; std::getline(metrics, line); ++lines)
        QCOMPARE(json::parse(line).at("epoch").get<int>(), lines + 1);
    QCOMPARE(lines, 3);
    QVERIFY(std::filesystem::exists(folder("run") + "/MANIFEST.json"));
}

void TstPretrain::resumesToTheSameBytes_data()
{
    // Two epochs of three batches; after the first one an examination; then features, then two probes.
    QTest::addColumn<int>("steps");
    QTest::addColumn<QByteArray>("options");
    const QByteArray simclr = R"({"method":"simclr"})";
    QTest::newRow("after the first step") << 1 << simclr;
    QTest::newRow("inside an epoch") << 2 << simclr;
    QTest::newRow("between epochs") << 3 << simclr;
    QTest::newRow("while monitoring") << 4 << simclr;
    QTest::newRow("while probing in between") << 50 << simclr;
    QTest::newRow("in the last epoch") << 106 << simclr;
    QTest::newRow("while scoring") << 108 << simclr;
    QTest::newRow("while probing") << 130 << simclr;
    QTest::newRow("two batches a step") << 1 << QByteArray(R"({"accumulate":2})");
    QTest::newRow("a rate that falls in steps") << 105 << QByteArray(R"({"schedule":"step","step_every":1})");
    for (const std::string& method : methods())
        QTest::newRow(method.c_str()) << 2 << QByteArray::fromStdString(json{{"method", method}}.dump());
    for (const char* optimiser : {"adamw", "lamb", "sgd"})
        QTest::newRow(optimiser) << 2 << QByteArray::fromStdString(json{{"optimiser", optimiser}}.dump());
}

void TstPretrain::resumesToTheSameBytes()
{
    QFETCH(int, steps);
    QFETCH(QByteArray, options);
    json changes = {{"evaluate", true}, {"monitor_every", 1}, {"epochs", 2}};
    changes.update(json::parse(options.toStdString()));
    const Setting setting{quick(changes), kAll, kTraining, false, false, true};
    const Status whole = prepareAndRun(folder("whole"), setting);
    QVERIFY2(whole, qPrintable(words(whole)));
    QVERIFY(prepare(folder("cut"), setting));
    const Status cut = run(folder("cut"), steps);
    QVERIFY(!cut);
    QCOMPARE(int(cut.error().code), int(Code::cancelled));
    QVERIFY(!std::filesystem::exists(folder("cut") + "/MANIFEST.json"));
    QVERIFY(readNewestCheckpoint(folder("cut"))->has_value());
    const Status rest = run(folder("cut"));
    QVERIFY2(rest, qPrintable(words(rest)));
    for (const char* name : {"/weights.safetensors", "/features.npy", "/metrics.jsonl"})
        QVERIFY2(content(folder("cut") + name) == content(folder("whole") + name), name);
    json a = document(folder("cut") + "/result.json"), b = document(folder("whole") + "/result.json");
    a.erase("images_per_second");
    b.erase("images_per_second");
    QCOMPARE(a.dump(), b.dump());
}

void TstPretrain::accumulationTakesFewerSteps()
{
    QVERIFY(prepareAndRun(folder("one"), {quick({{"epochs", 1}, {"batch", 5}})}));
    QVERIFY(prepareAndRun(folder("two"), {quick({{"epochs", 1}, {"batch", 5}, {"accumulate", 2}})}));
    QVERIFY(content(folder("one") + "/weights.safetensors") != content(folder("two") + "/weights.safetensors"));
    const auto steps = [&](const char* name) {
        return json::parse(content(folder(name) + "/metrics.jsonl")).at("step").get<int>();
    };
    QCOMPARE(steps("one"), 4);
    QCOMPARE(steps("two"), 2);
    const json options = document(folder("two") + "/run.json").at("options");
    QCOMPARE(options.at("learning_rate").get<double>(), 1e-3 * 10 / 128);
}

void TstPretrain::heldOutImagesAreNotSeen()
{
    QVERIFY(prepareAndRun(folder("a"), {quick()}));
    Setting painted{quick()};
    painted.heldOutPainted = true;
    QVERIFY(prepareAndRun(folder("b"), painted));
    QVERIFY(content(folder("a") + "/weights.safetensors") == content(folder("b") + "/weights.safetensors"));
    QVERIFY(content(folder("a") + "/features.npy") != content(folder("b") + "/features.npy"));
    // The comparison can fail: one training image fewer gives other weights.
    Setting fewer{quick()};
    fewer.training = kTraining - 1;
    QVERIFY(prepareAndRun(folder("c"), fewer));
    QVERIFY(content(folder("a") + "/weights.safetensors") != content(folder("c") + "/weights.safetensors"));
}

void TstPretrain::evaluatesAgainstTruth()
{
    const Setting setting{quick({{"evaluate", true}, {"monitor_every", 1}}), kAll, kTraining, false, false, true};
    const Status status = prepareAndRun(folder("run"), setting);
    QVERIFY2(status, qPrintable(words(status)));
    const json result = document(folder("run") + "/result.json");
    for (const char* name : {"knn", "knn20", "knn_cosine", "probe", "probe_linear"}) {
        const double accuracy = result.at(name).at("accuracy").get<double>();
        QVERIFY2(accuracy >= 0 && accuracy <= 1, name);
        QVERIFY2(result.at(name).contains("f1_weighted"), name);
    }
    // Stripes across against stripes down: a trained probe on any features tells them.
    QVERIFY(result.at("probe").at("accuracy").get<double>() >= .75);
    const std::string metrics = content(folder("run") + "/metrics.jsonl");
    for (const char* figure : {"knn_accuracy", "knn20_f1_weighted", "probe_linear_accuracy"})
        QVERIFY2(metrics.find(figure) != std::string::npos, figure);
}

void TstPretrain::evaluatesTheRandomStart()
{
    const Setting setting{quick({{"evaluate", true}, {"epochs", 0}}), kAll, kTraining, false, false, true};
    const Status status = prepareAndRun(folder("run"), setting);
    QVERIFY2(status, qPrintable(words(status)));
    const json result = document(folder("run") + "/result.json");
    QCOMPARE(result.at("epochs").get<int>(), 0);
    QVERIFY(result.at("loss").is_null());
    QVERIFY(result.contains("probe"));
}

void TstPretrain::truthIsNotReadUnasked()
{
    QVERIFY(prepare(folder("run"), {quick({{"epochs", 1}})}));
    QVERIFY(writeFileAtomically(folder("run") + "/input/truth.json", "no truth at all"));
    const Status status = run(folder("run"));
    QVERIFY2(status, qPrintable(words(status)));
    QVERIFY(prepare(folder("asked"), {quick({{"epochs", 1}, {"evaluate", true}})}));
    QVERIFY(writeFileAtomically(folder("asked") + "/input/truth.json", "no truth at all"));
    QVERIFY(!run(folder("asked")));
}

void TstPretrain::collapseIsTold()
{
    Setting setting{quick({{"preset", "none"}, {"epochs", 4}})};
    setting.equal = true;
    const Status status = prepareAndRun(folder("run"), setting);
    QVERIFY2(status, qPrintable(words(status)));
    QCOMPARE(document(folder("run") + "/result.json").at("collapsed").get<bool>(), true);
}

void TstPretrain::allMethodsRun_data()
{
    QTest::addColumn<QString>("method");
    for (const std::string& method : methods())
        QTest::newRow(method.c_str()) << QString::fromStdString(method);
}

void TstPretrain::allMethodsRun()
{
    QFETCH(QString, method);
    const Status status =
        prepareAndRun(folder("run"), {quick({{"method", method.toStdString()}, {"epochs", 1}, {"optimiser", "lamb"}})});
    QVERIFY2(status, qPrintable(words(status)));
}

void TstPretrain::noFiniteLoss()
{
    const Status status =
        prepareAndRun(folder("run"), {quick({{"learning_rate", 1e30}, {"epochs", 4}, {"warm_up", 0}})});
    QVERIFY(!status);
    QCOMPARE(int(status.error().code), int(Code::nonFinite));
    QVERIFY(!std::filesystem::exists(folder("run") + "/weights.safetensors"));
}

void TstPretrain::tooFewImages()
{
    Setting setting{quick()};
    setting.training = 1;
    QCOMPARE(int(prepareAndRun(folder("one"), setting).error().code), int(Code::notFound));
    setting.training = 2;
    const Status two = prepareAndRun(folder("two"), setting);
    QVERIFY2(two, qPrintable(words(two)));
}

void TstPretrain::badOptions_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("unknown key") << QByteArray(R"({"epoch":3})");
    QTest::newRow("text for a number") << QByteArray(R"({"epochs":"3"})");
    QTest::newRow("batch of one") << QByteArray(R"({"batch":1})");
    QTest::newRow("negative epochs") << QByteArray(R"({"epochs":-1})");
    QTest::newRow("fraction of an epoch") << QByteArray(R"({"epochs":1.5})");
    QTest::newRow("temperature of zero") << QByteArray(R"({"temperature":0})");
    QTest::newRow("unknown schedule") << QByteArray(R"({"schedule":"linear"})");
    QTest::newRow("no batch at all") << QByteArray(R"({"accumulate":0})");
    QTest::newRow("unknown optimiser") << QByteArray(R"({"optimiser":"lars"})");
    QTest::newRow("number for a flag") << QByteArray(R"({"evaluate":1})");
    QTest::newRow("a list") << QByteArray(R"([1])");
}

void TstPretrain::badOptions()
{
    QFETCH(QByteArray, text);
    const auto options = pretrainOptionsFromJson(json::parse(text.toStdString()));
    QVERIFY(!options);
    QCOMPARE(int(options.error().code), int(Code::usage));
}

void TstPretrain::optionsGoBothWays()
{
    const json given = {
        {"method", "vicreg"}, {"epochs", 7}, {"optimiser", "lamb"}, {"preset", "simclr"}, {"batch", 64}};
    const auto options = pretrainOptionsFromJson(given);
    QVERIFY(options);
    QCOMPARE(resolvedLearningRate(*options), .01 * 64 / 256);
    const json back = toJson(*options);
    for (const auto& [key, value] : given.items())
        QCOMPARE(back.at(key).dump(), value.dump());
    QVERIFY(pretrainOptionsFromJson(back));
}

void TstPretrain::stateSurvives()
{
    PretrainState state;
    state.stage = Stage::examining;
    state.step = 77;
    state.rateFactor = .25;
    state.lowChecks = 3;
    state.sums = {1. / 3, .1, .2, .3, .4, 5};
    state.last = EpochFigures{1. / 7, .5, .6, .7};
    const auto back = pretrainStateFromJson(json::parse(toJson(state).dump()));
    QVERIFY(back);
    QCOMPARE(toJson(*back).dump(), toJson(state).dump());
    QVERIFY(back->collapsed());
    json broken = toJson(state);
    broken.erase("sums");
    QCOMPARE(int(pretrainStateFromJson(broken).error().code), int(Code::corrupt));
    broken = toJson(state);
    broken["job"] = "train";
    QVERIFY(!pretrainStateFromJson(broken));
}

void TstPretrain::viewsDependOnSeedEpochAndRow()
{
    QVERIFY(writePack(folder("pack"), {}));
    const auto pack = Pack::open(folder("pack"));
    const std::vector<std::int64_t> rows{0, 3, 5}, one{3};
    const auto batches = PackBatches::create(*pack, rows, 16, augment::usualNormalisation(1), 1);
    QVERIFY(batches);
    const augment::Preset grey = *augment::preset("grey");
    const at::Tensor views = twoViews(*batches, rows, grey, 1, 0);
    QVERIFY(views.sizes() == at::IntArrayRef({6, 1, 16, 16}));
    const at::Tensor alone = twoViews(*batches, one, grey, 1, 0);
    QVERIFY(at::equal(alone[0], views[1]) && at::equal(alone[1], views[4]));
    QVERIFY(!at::equal(views[1], views[4]));
    QVERIFY(!at::equal(twoViews(*batches, one, grey, 1, 1)[0], alone[0]));
    QVERIFY(!at::equal(twoViews(*batches, one, grey, 2, 0)[0], alone[0]));
}

void TstPretrain::withoutHeldOutPatientsAreHeldBack()
{
    Snapshot snapshot;
    snapshot.classes = {"a", "b"};
    std::vector<std::pair<std::int64_t, int>> truth;
    for (int i = 0; i < 40; ++i) {
        SnapshotSample sample;
        sample.row = i;
        sample.patient = i / 4;
        snapshot.samples.push_back(sample);
        truth.emplace_back(i, i / 20);
    }
    const auto set = makeEvaluationSet(snapshot, truth);
    QVERIFY(set);
    QCOMPARE(set->known.size() + set->asked.size(), std::size_t(40));
    QVERIFY(!set->asked.empty());
    for (const std::int64_t asked : set->asked)
        for (const std::int64_t known : set->known)
            QVERIFY(asked / 4 != known / 4);
    QCOMPARE(int(makeEvaluationSet(snapshot, {}).error().code), int(Code::noTruth));
}

QTEST_GUILESS_MAIN(TstPretrain)
#include "tst_pretrain.moc"
