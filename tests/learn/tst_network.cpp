// SPDX-License-Identifier: GPL-3.0-or-later
#include "FormulaWeights.h"
#include "base/Npy.h"
#include "base/Random.h"
#include "learn/Exceptions.h"
#include "learn/PackBatches.h"
#include "support/ExampleRun.h"

#include <ATen/Parallel.h>
#include <QTemporaryDir>
#include <QTest>

using namespace foveate;
using namespace foveate::learn;

namespace {

at::Tensor reference(const char* file)
{
    const Result<Array<float>> array = readNpy<float>(std::string(FOVEATE_SOURCE_DIR "/tests/learn/reference/") + file);
    if (!array)
        return {};
    const std::vector<std::int64_t> shape(array->shape.begin(), array->shape.end());
    return at::tensor(array->data, at::kFloat).reshape(shape);
}

double relativeDifference(const at::Tensor& ours, const at::Tensor& theirs)
{
    return (ours - theirs).abs().max().item<double>() / theirs.abs().max().item<double>();
}

Network formulaNetwork(const std::string& model, int classes)
{
    Network network = *Network::create(model, classes, 1);
    if (!network.load(formulaWeights(network)))
        qFatal("the formula's weights do not load");
    network.useChannelsLast();
    network.train(false);
    return network;
}

} // namespace

class NetworkTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void agreesWithTorchvision_data()
    {
        QTest::addColumn<QString>("input");
        QTest::addColumn<int>("channels");
        QTest::newRow("grey, one channel repeated") << "grey" << 1;
        QTest::newRow("colour") << "colour" << 3;
    }

    void agreesWithTorchvision()
    {
        QFETCH(QString, input);
        QFETCH(int, channels);
        const c10::InferenceMode inference;
        Network network = formulaNetwork("resnet18", 3);
        const at::Tensor images = formulaTensor(input.toStdString(), {2, channels, 64, 64});
        const at::Tensor expected = reference(("resnet18_logits_" + input + ".npy").toUtf8().constData());
        QVERIFY(expected.defined());
        QVERIFY(relativeDifference(network.logits(images), expected) <= 1e-4);
        network.fold();
        const at::Tensor folded = network.logitsOfFeatures(network.backbone().foldedMaps(images).mean({2, 3}));
        QVERIFY(relativeDifference(folded, expected) <= 1e-4);
    }

    void theReferenceNoticesAWrongNumber()
    {
        const c10::InferenceMode inference;
        Network network = formulaNetwork("resnet18", 3);
        network.state().at("layer3.0.downsample.0.weight").mul_(1.05);
        const at::Tensor images = formulaTensor("colour", {2, 3, 64, 64});
        QVERIFY(relativeDifference(network.logits(images), reference("resnet18_logits_colour.npy")) > 1e-4);
    }

    void hasTorchvisionsNames()
    {
        const TensorMap state = Network::create("resnet18", 2, 1)->state();
        QCOMPARE(state.size(), std::size_t(122)); // len(torchvision.models.resnet18().state_dict())
        QVERIFY(state.contains("layer2.0.downsample.1.running_mean"));
        QVERIFY(state.contains("bn1.num_batches_tracked"));
        QVERIFY(state.contains("fc.bias"));
        QCOMPARE(Network::create("resnet99", 2, 1).error().code, Code::notFound);
    }

    void startsBySeedAlone()
    {
        const auto first = Network::create("tiny", 2, 5)->state();
        const auto again = Network::create("tiny", 2, 5)->state();
        const auto other = Network::create("tiny", 2, 6)->state();
        QVERIFY(at::equal(first.at("conv2.weight"), again.at("conv2.weight")));
        QVERIFY(!at::equal(first.at("conv2.weight"), other.at("conv2.weight")));
    }

    void refusesWeightsThatDoNotFit()
    {
        Network network = *Network::create("tiny", 2, 1);
        const at::Tensor before = network.state().at("conv1.weight").clone();
        TensorMap weights = formulaWeights(network);
        weights.erase("bn3.bias");
        QCOMPARE(network.load(weights).error().code, Code::wrongShape);
        weights = formulaWeights(network);
        weights["conv3.weight"] = at::zeros({1, 1, 3, 3});
        QCOMPARE(network.load(weights).error().code, Code::wrongShape);
        weights = formulaWeights(network);
        weights["unknown"] = at::zeros({1});
        QCOMPARE(network.load(weights).error().code, Code::wrongShape);
        weights = formulaWeights(network);
        weights["conv1.weight"][0][0][0][0] = std::nan("");
        QCOMPARE(network.load(weights).error().code, Code::nonFinite);
        QVERIFY(at::equal(network.state().at("conv1.weight"), before));
    }

    void headMayDifferWhenLeftOut()
    {
        Network parent = *Network::create("tiny", 0, 3);
        Network child = *Network::create("tiny", 4, 1);
        TensorMap weights = parent.state();
        weights["projector.0.weight"] = at::zeros({2, 2});
        QVERIFY(child.load(weights, false).has_value());
        QVERIFY(at::equal(child.state().at("conv1.weight"), parent.state().at("conv1.weight")));
        QVERIFY(!child.load(weights, true).has_value());
    }

    void batchesAreTheSameForAnyThreads()
    {
        QTemporaryDir folder;
        const ExampleRun example;
        QVERIFY(example.write(folder.path().toStdString()).has_value());
        const Pack pack = *Pack::open(folder.filePath("input/pack").toStdString());
        const std::vector<std::int64_t> rows{5, 2, 9};
        const auto whole = PackBatches::create(pack, rows, 32, augment::usualNormalisation(1), 1);
        const auto one = PackBatches::create(pack, rows, 20, augment::usualNormalisation(1), 1);
        const auto two = PackBatches::create(pack, rows, 20, augment::usualNormalisation(1), 2);
        QVERIFY(whole && one && two);
        QVERIFY(at::equal(one->batch(rows), two->batch(rows)));
        QCOMPARE(whole->batch(rows).sizes(), at::IntArrayRef({3, 1, 32, 32}));
        const float expected = (float(pack.pixels(5)[0]) / 255.0F - .5F) / .5F;
        QVERIFY(std::abs(whole->batch(rows)[0][0][0][0].item<float>() - expected) < 1e-6F);
        QCOMPARE(PackBatches::create(pack, rows, 33, {}, 1).error().code, Code::wrongShape);
        const std::vector<std::int64_t> none{1000};
        QCOMPARE(PackBatches::create(pack, none, 20, {}, 1).error().code, Code::notFound);
    }

    void failedAllocationsAreOutOfMemory()
    {
        const Status status = guarded([]() -> Status {
            at::empty({std::int64_t(1) << 50}, at::kFloat);
            return {};
        });
        QCOMPARE(status.error().code, Code::outOfMemory);
        const Status other = guarded([]() -> Status {
            at::zeros({2}) + at::zeros({3});
            return {};
        });
        QCOMPARE(other.error().code, Code::internal);
    }
};

QTEST_GUILESS_MAIN(NetworkTest)
#include "tst_network.moc"
