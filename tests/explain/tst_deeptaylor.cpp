// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/DeepTaylor.h"
#include "explain/Example.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <QTest>
#include <c10/core/InferenceMode.h>

using namespace foveate;
using namespace foveate::explain;
using namespace foveate::learn;

namespace {

void addNetworks()
{
    QTest::addColumn<QString>("model");
    for (const std::string& model : backboneModels())
        QTest::newRow(model.c_str()) << QString::fromStdString(model);
}

} // namespace

class DeepTaylorTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void agreesWithZennit_data() { addNetworks(); }
    void agreesWithZennit()
    {
        QFETCH(QString, model);
        if (model == "tiny")
            QSKIP("not a network that the library knows");
        const at::Tensor expected = referenceMaps("explain/reference/deep_taylor_" + model.toStdString() + ".npy");
        QVERIFY(expected.defined());
        const Layers layers = *layersOf(exampleNetwork(model.toStdString()));
        const Result<DeepTaylor> made = deepTaylor(layers, {}, exampleImages(), 1);
        QVERIFY(made.has_value());
        const double apart = (made->map - expected).abs().max().item<double>() / expected.max().item<double>();
        QVERIFY2(1 - correlation(made->map, expected) <= 1e-5, qPrintable(QString::number(apart)));
        QVERIFY2(apart <= 1e-3, qPrintable(QString::number(apart)));
    }

    void givesTheNetworksOwnLogits_data() { addNetworks(); }
    void givesTheNetworksOwnLogits()
    {
        QFETCH(QString, model);
        Network network = exampleNetwork(model.toStdString());
        const at::NoGradGuard guard;
        const at::Tensor expected = network.logits(exampleImages());
        const DeepTaylor made = *deepTaylor(*layersOf(network), {}, exampleImages());
        QVERIFY((made.logits - expected).abs().max().item<double>() <= 1e-4 * expected.abs().max().item<double>());
        QVERIFY(made.classes[0] == expected[0].argmax().item<int>());
    }

    /// Layer by layer, with negative scales in every batch norm: what a layer is handed, it hands down.
    void conservesRelevanceLayerByLayer_data() { addNetworks(); }
    void conservesRelevanceLayerByLayer()
    {
        QFETCH(QString, model);
        const c10::InferenceMode inference;
        const Layers layers = *layersOf(exampleNetwork(model.toStdString()));
        const RelevancePass pass(layers, {}, exampleImages());
        std::vector<at::Tensor> held;
        const at::Tensor map =
            pass.toImage(layers.last(), at::one_hot(at::tensor({1, 1}, at::kLong), 3).to(at::kFloat), &held);
        QVERIFY(held.size() > 4);
        for (const at::Tensor& sums : held)
            QVERIFY2((sums[1] / sums[0] - 1).abs().max().item<double>() <= .01,
                     qPrintable(QString::number((sums[1] / sums[0]).min().item<double>())));
        QVERIFY((map.sum({1, 2}) - 1).abs().max().item<double>() <= .01);
        QVERIFY(map.min().item<float>() >= 0);
    }

    void countsWhatIsLost()
    {
        Network network = exampleNetwork("resnet18");
        network.state().at("fc.weight")[1].abs_().neg_(); // nothing speaks for the class
        const DeepTaylor made = *deepTaylor(*layersOf(network), {}, exampleImages(), 1);
        QVERIFY(made.lost[0] == 1 && made.lost[1] == 1);
        QCOMPARE(made.map.abs().max().item<float>(), 0.0F);
        const DeepTaylor other = *deepTaylor(*layersOf(network), {}, exampleImages(), 0);
        QVERIFY(other.lost[0] < .01);
    }

    void aConstantImageHasADefinedMap()
    {
        const Layers layers = *layersOf(exampleNetwork("resnet18"));
        for (const double grey : {-1., 0., 1.}) {
            const Result<DeepTaylor> made = deepTaylor(layers, {}, at::full({1, 1, 32, 32}, grey), 0);
            QVERIFY(made.has_value());
            QVERIFY(made->map.min().item<float>() >= 0);
            QVERIFY(std::abs(made->map.sum().item<double>() + made->lost[0] - 1) < 1e-4);
        }
    }

    void readsOneLogitAsTwo()
    {
        const Network single = exampleNetwork("tiny", 1);
        Network pair = exampleNetwork("tiny", 2);
        const at::Tensor weight = single.state().at("fc.weight"), bias = single.state().at("fc.bias");
        pair.state().at("fc.weight").copy_(at::cat({-weight, weight}));
        pair.state().at("fc.bias").copy_(at::cat({-bias, bias}));
        for (const int classIndex : {-1, 0, 1}) {
            const DeepTaylor one = *deepTaylor(*layersOf(single), {}, exampleImages(), classIndex);
            const DeepTaylor two = *deepTaylor(*layersOf(pair), {}, exampleImages(), classIndex);
            QVERIFY(at::equal(one.map, two.map));
            QVERIFY(one.classes == two.classes);
        }
    }

    void anyNumberOfThreadsGivesTheSameBytes()
    {
        const Layers layers = *layersOf(exampleNetwork("resnet18"));
        const DeepTaylor one = *deepTaylor(layers, {}, exampleImages());
        at::set_num_threads(2);
        const DeepTaylor two = *deepTaylor(layers, {}, exampleImages());
        at::set_num_threads(1);
        QVERIFY(at::equal(one.map, two.map));
    }

    void refusesWhatItCannotExplain()
    {
        const Layers layers = *layersOf(exampleNetwork("tiny"));
        QCOMPARE(deepTaylor(layers, {}, exampleImages(), 3).error().code, Code::wrongShape);
        at::Tensor images = exampleImages();
        images[0][0][3][3] = std::nan("");
        QCOMPARE(deepTaylor(layers, {}, images).error().code, Code::nonFinite);
        QCOMPARE(layersOf(*Network::create("tiny", 0, 1)).error().code, Code::wrongShape);
    }

    /// A convolution of one pixel, a norm, the mean, two logits: by hand.
    void innvestigatesRulesGoBySquaredWeights()
    {
        Layers layers;
        layers.rules = Rules::innvestigate;
        Layer convolution{LayerKind::convolution, {kImage}};
        convolution.weight = at::tensor({1.F, -2.F, 3.F, .5F, 0.F, -1.F}).view({2, 3, 1, 1});
        convolution.bias = at::zeros({2});
        Layer norm{LayerKind::norm, {0}};
        norm.weight = at::tensor({2.F, -1.F});
        norm.bias = at::zeros({2});
        norm.mean = at::zeros({2});
        norm.variance = at::tensor({1.F, 4.F});
        Layer mean{LayerKind::adaptivePool, {1}};
        Layer head{LayerKind::linear, {2}};
        head.weight = at::tensor({3.F, 1.F, 1.F, 1.F}).view({2, 2});
        head.bias = at::zeros({2});
        layers.list = {convolution, norm, mean, head};
        const DeepTaylor made =
            *deepTaylor(layers, {}, exampleImages().narrow(0, 0, 1).narrow(2, 0, 4).narrow(3, 0, 5), 0);
        // The logit's unit goes to the two features as 9 : 1, to 20 pixels each, times 2/√1 and −1/√4; the colours of a
        // pixel share all of it.
        const double each = (.9 * 2 - .1 * .5) / 20;
        QVERIFY(at::allclose(made.map, at::full_like(made.map, each), 1e-4, 0));
    }

    void innvestigatesRulesWorkOnEveryNetwork_data()
    {
        QTest::addColumn<QString>("model");
        for (const char* model : {"resnet18", "vgg16", "densenet121"})
            QTest::newRow(model) << model;
    }

    void innvestigatesRulesWorkOnEveryNetwork()
    {
        QFETCH(QString, model);
        const Network network = exampleNetwork(model.toStdString());
        const DeepTaylor made = *deepTaylor(*layersOf(network, Rules::innvestigate), {}, exampleImages(), 1);
        const DeepTaylor usual = *deepTaylor(*layersOf(network), {}, exampleImages(), 1);
        QVERIFY(at::allclose(made.logits, usual.logits, 1e-3, 1e-3)); // the same network
        QVERIFY(!at::allclose(made.map, usual.map));
    }
};

QTEST_GUILESS_MAIN(DeepTaylorTest)
#include "tst_deeptaylor.moc"
