// SPDX-License-Identifier: GPL-3.0-or-later
#include "FormulaWeights.h"
#include "Passes.h"
#include "base/Npy.h"
#include "base/Random.h"
#include "learn/Device.h"
#include "learn/Exceptions.h"
#include "learn/PackBatches.h"
#include "support/ExampleRun.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <QTemporaryDir>
#include <QTest>
#include <array>
#include <c10/core/InferenceMode.h>

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

/// Every value by itself, none overwritten.
at::Tensor featuresKeepingAll(const Backbone& backbone, const at::Tensor& images)
{
    std::vector<at::Tensor> values{images};
    for (std::size_t i = 1; i < backbone.nodes().size(); ++i) {
        std::vector<at::Tensor> inputs;
        for (const int input : backbone.nodes()[i].inputs)
            inputs.push_back(values[std::size_t(input)]);
        values.push_back(evaluate(backbone.nodes()[i], inputs, true));
    }
    return values.back();
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
        const at::Tensor folded = network.logitsOfFeatures(network.backbone().foldedFeatures(images));
        QVERIFY(relativeDifference(folded, expected) <= 1e-4);
    }

    void bfloat16FeaturesPointTheSameWay()
    {
        if (!processorHasBfloat16())
            QSKIP("this processor has no fast bfloat16, and folded passes are float32 on it");
        const c10::InferenceMode inference;
        for (const char* model : {"resnet18", "densenet121"}) {
            Network network = formulaNetwork(model, 3);
            const at::Tensor images = formulaTensor("colour", {4, 3, 64, 64});
            at::Tensor exact = network.features(images);
            network.fold(at::kBFloat16);
            at::Tensor rough = network.backbone().foldedFeatures(images);
            QCOMPARE(rough.scalar_type(), at::kFloat);
            exact -= exact.mean(0, true);
            rough -= rough.mean(0, true);
            QVERIFY(at::cosine_similarity(exact, rough).min().item<double>() >= .99);
        }
    }

    /// Sums and ReLUs overwrite their input where they may: the gradients are those of a network that keeps everything.
    void overwritingChangesNoGradient_data()
    {
        QTest::addColumn<QString>("model");
        for (const char* model : {"resnet18", "resnet50", "densenet121", "tiny"})
            QTest::newRow(model) << model;
    }

    void overwritingChangesNoGradient()
    {
        QFETCH(QString, model);
        const at::Tensor images = formulaTensor("colour", {2, 3, 64, 64});
        std::vector<std::vector<at::Tensor>> gradients;
        for (const bool keepsAll : {false, true}) {
            Network network = *Network::create(model.toStdString(), 0, 1);
            network.train(true);
            const at::Tensor features =
                keepsAll ? featuresKeepingAll(network.backbone(), images) : network.features(images);
            (features * formulaTensor("direction", features.sizes())).sum().backward();
            std::vector<at::Tensor>& own = gradients.emplace_back();
            for (const at::Tensor& parameter : network.parameters())
                own.push_back(parameter.grad());
        }
        for (std::size_t i = 0; i < gradients[0].size(); ++i)
            QVERIFY(at::equal(gradients[0][i], gradients[1][i]));
        QVERIFY(gradients[0].front().abs().max().item<double>() > 0);
    }

    /// Together, on grey images, the gradients and running statistics are the library's.
    void fastLayersChangeNoGradient_data()
    {
        QTest::addColumn<QString>("model");
        for (const char* model : {"resnet18", "densenet121"})
            QTest::newRow(model) << model;
    }

    void fastLayersChangeNoGradient()
    {
        QFETCH(QString, model);
        enum Way { exact, library, fast };
        std::array<at::Tensor, 3> gradients, statistics;
        for (const Way way : {exact, library, fast}) {
            const at::ScalarType dtype = way == exact ? at::kDouble : at::kFloat;
            Network network = *Network::create(model.toStdString(), 0, 1, Dropout{});
            network.useChannelsLast();
            network.backbone().to(dtype);
            if (way == fast)
                network.useFastLayers();
            network.train(true);
            const at::Tensor features = network.features(formulaTensor("grey", {6, 1, 64, 64}).to(dtype));
            (features * formulaTensor("direction", features.sizes())).sum().backward();
            std::vector<at::Tensor> ofParameters, running;
            for (const at::Tensor& parameter : network.parameters())
                ofParameters.push_back(parameter.grad().flatten().to(at::kDouble));
            for (const at::Tensor& buffer : network.backbone().buffers())
                running.push_back(buffer.flatten().to(at::kDouble));
            gradients[way] = at::cat(ofParameters);
            statistics[way] = running.empty() ? at::zeros({1}) : at::cat(running);
        }
        // Errors of one rounding grow by thousands on the way through an untrained network: the library's own are the
        // measure, and minimal filtering rounds ten times as coarsely.
        const auto error = [&](Way way) { return (gradients[way] - gradients[exact]).norm().item<double>(); };
        QVERIFY(error(library) > 0);
        QCOMPARE_LE(error(fast) / error(library), 40.);
        QCOMPARE_LE(error(fast) / gradients[exact].norm().item<double>(), 5e-2);
        QVERIFY(at::allclose(statistics[fast], statistics[exact], 1e-3, 1e-5));
        QVERIFY(!at::equal(gradients[fast], gradients[library])); // the fast layers were at work
    }

    void dropoutIsForTrainingOnly()
    {
        const at::NoGradGuard guard;
        Network network = *Network::create("tiny", 3, 1, Dropout{.head = .5});
        const at::Tensor features = formulaTensor("features", {8, 64});
        network.train(false);
        const at::Tensor still = network.logitsOfFeatures(features);
        QVERIFY(at::equal(still, network.logitsOfFeatures(features)));
        network.train(true);
        at::manual_seed(3);
        const at::Tensor first = network.logitsOfFeatures(features);
        QVERIFY(!at::equal(first, still));
        at::manual_seed(3);
        QVERIFY(at::equal(network.logitsOfFeatures(features), first));
        QCOMPARE(usualDropout("vgg16"), (Dropout{.head = .5, .layers = .5}));
        QCOMPARE(usualDropout("resnet50"), Dropout());
    }

    void denseLayersDropInTraining()
    {
        const at::NoGradGuard guard;
        Network network = *Network::create("densenet121", 0, 1, Dropout{.layers = .2});
        const at::Tensor images = formulaTensor("colour", {1, 3, 32, 32});
        int drops = 0;
        for (const Node& node : network.backbone().nodes())
            drops += node.op == Op::dropout && node.share == .2 ? 1 : 0;
        QCOMPARE(drops, 6 + 12 + 24 + 16);
        network.train(false);
        const at::Tensor still = network.features(images);
        QVERIFY(at::equal(still, network.features(images)));
        network.fold();
        QVERIFY(relativeDifference(network.backbone().foldedFeatures(images), still) <= 1e-4);
    }

    void zeroedBranchesLeaveTheShortcuts()
    {
        Network network = *Network::create("resnet50", 0, 1);
        network.zeroResidualBranches();
        QCOMPARE(network.state().at("layer1.0.bn3.weight").abs().max().item<float>(), 0.F);
        QCOMPARE(network.state().at("layer1.0.bn2.weight").min().item<float>(), 1.F);
        QCOMPARE(network.state().at("layer1.0.downsample.1.weight").min().item<float>(), 1.F);
    }

    /// Weights saved by other programs often lack the counters of batch norm.
    void countersMayBeMissing()
    {
        Network network = *Network::create("tiny", 2, 1);
        TensorMap weights = formulaWeights(network);
        std::erase_if(weights, [](const auto& item) { return item.first.ends_with("num_batches_tracked"); });
        QVERIFY(network.load(weights).has_value());
        QCOMPARE(network.state().at("bn1.num_batches_tracked").item<int>(), 0);
    }

    void refusesAnotherArchitecture()
    {
        Network network = *Network::create("resnet18", 2, 1);
        const at::Tensor before = network.state().at("conv1.weight").clone();
        const TensorMap other = Network::create("resnet34", 2, 1)->state();
        QCOMPARE(network.load(other, false).error().code, Code::wrongShape);
        QCOMPARE(network.load(Network::create("tiny", 2, 1)->state(), false).error().code, Code::wrongShape);
        QVERIFY(at::equal(network.state().at("conv1.weight"), before));
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

    /// P3's probe: linear, batch norm, leaky ReLU, linear, by PyTorch's names.
    void aHiddenLayerStandsBeforeTheHead()
    {
        Network network = *Network::create("tiny", 3, 1, Dropout{}, 16);
        QVERIFY(network.load(formulaWeights(network)).has_value());
        network.train(false);
        network.fold();
        QCOMPARE(network.dimension(), 16);
        const TensorMap w = network.state();
        const at::NoGradGuard guard;
        const at::Tensor images = formulaTensor("grey", {2, 1, 32, 32});
        const at::Tensor before = network.backbone().features(images);
        const at::Tensor made = at::linear(before, w.at("hidden.0.weight"), w.at("hidden.0.bias"));
        const at::Tensor normed = (made - w.at("hidden.1.running_mean")) /
                                      (w.at("hidden.1.running_var") + 1e-5).sqrt() * w.at("hidden.1.weight") +
                                  w.at("hidden.1.bias");
        const at::Tensor features = at::where(normed > 0, normed, .01 * normed);
        QVERIFY(relativeDifference(network.features(images), features) <= 1e-5);
        QVERIFY(relativeDifference(network.foldedFeatures(images), features) <= 1e-4);
        QVERIFY((features < 0).any().item<bool>()); // so that the leak was seen
        QCOMPARE(network.parameterNames(true),
                 (std::vector<std::string>{"hidden.0.weight", "hidden.0.bias", "hidden.1.weight", "hidden.1.bias",
                                           network.backbone().headName() + ".weight",
                                           network.backbone().headName() + ".bias"}));
        // Weights with another head: left out or refused, as those of a linear head are.
        QVERIFY(Network::create("tiny", 3, 2)->load(network.state(), false).has_value());
        QVERIFY(!Network::create("tiny", 3, 2, Dropout{}, 8)->load(network.state()).has_value());
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
