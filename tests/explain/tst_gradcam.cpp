// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Npy.h"
#include "explain/GradCam.h"
#include "learn/FormulaWeights.h"

#include <ATen/Parallel.h>
#include <QTest>

using namespace foveate;
using namespace foveate::explain;
using namespace foveate::learn;

namespace {

Network formulaNetwork()
{
    Network network = *Network::create("resnet18", 3, 1);
    if (!network.load(formulaWeights(network)))
        qFatal("the formula's weights do not load");
    network.useChannelsLast();
    return network;
}

at::Tensor reference(int classIndex)
{
    const auto array = readNpy<float>(FOVEATE_SOURCE_DIR "/tests/learn/reference/resnet18_gradcam_" +
                                      std::to_string(classIndex) + ".npy");
    return array ? at::tensor(array->data, at::kFloat).reshape({2, 64, 64}) : at::Tensor();
}

} // namespace

class GradCamTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void agreesWithPytorchGradCam_data()
    {
        QTest::addColumn<int>("classIndex");
        QTest::newRow("a class with little evidence") << 0;
        QTest::newRow("a class with much") << 2;
    }

    void agreesWithPytorchGradCam()
    {
        QFETCH(int, classIndex);
        Network network = formulaNetwork();
        const at::Tensor images = formulaTensor("colour", {2, 3, 64, 64});
        const at::Tensor expected = reference(classIndex);
        QVERIFY(expected.defined());
        const Result<GradCam> cam = gradCam(network, images, classIndex);
        QVERIFY(cam.has_value());
        const double difference = (cam->map - expected).abs().max().item<double>() / expected.max().item<double>();
        QVERIFY2(difference <= 1e-5, qPrintable(QString::number(difference)));
        QCOMPARE(bool(cam->evidence[1]), expected[1].max().item<float>() > 0);
    }

    void saysWhenThereIsNoEvidence()
    {
        Network network = formulaNetwork();
        network.state().at("fc.weight")[1].abs_().neg_(); // every activation speaks against the class
        const Result<GradCam> cam = gradCam(network, formulaTensor("colour", {2, 3, 64, 64}), 1);
        QCOMPARE(cam->map.max().item<float>(), 0.0F);
        QVERIFY(!cam->evidence[0] && !cam->evidence[1]);
    }

    void explainsThePredictedClassByDefault()
    {
        Network network = formulaNetwork();
        const at::Tensor images = formulaTensor("colour", {2, 3, 64, 64});
        const GradCam predicted = *gradCam(network, images);
        for (std::int64_t i = 0; i < 2; ++i) {
            const int top = predicted.probabilities[i].argmax().item<int>();
            QCOMPARE(predicted.classes[std::size_t(i)], top);
            const GradCam named = *gradCam(network, images, top);
            QVERIFY(at::equal(predicted.map[i], named.map[i]));
        }
        QVERIFY((predicted.probabilities.sum(1) - 1).abs().max().item<double>() < 1e-6);
    }

    /// A shift of all activations along the class's weights changes the logit as the gradient says.
    void gradientAgreesWithFiniteDifference()
    {
        Network network = formulaNetwork();
        const at::NoGradGuard guard;
        network.train(false);
        const at::Tensor maps = network.backbone().maps(formulaTensor("colour", {1, 3, 64, 64})).contiguous();
        const auto logit = [&](const at::Tensor& m) {
            return network.logitsOfFeatures(m.mean({2, 3}))[0][1].item<double>();
        };
        at::Tensor moved = maps.clone();
        moved[0][17][1][0] += 1.0;
        const double expected =
            network.state().at("fc.weight")[1][17].item<double>() / double(maps.size(2) * maps.size(3));
        QVERIFY(std::abs(logit(moved) - logit(maps) - expected) < 1e-4);
    }

    void refusesAClassOutsideTheHead()
    {
        Network network = formulaNetwork();
        QCOMPARE(gradCam(network, formulaTensor("colour", {1, 3, 64, 64}), 3).error().code, Code::wrongShape);
        Network headless = *Network::create("tiny", 0, 1);
        QCOMPARE(gradCam(headless, formulaTensor("colour", {1, 3, 64, 64})).error().code, Code::wrongShape);
    }

    void notANumberIsNoMap()
    {
        Network network = formulaNetwork();
        at::Tensor images = formulaTensor("colour", {1, 3, 64, 64});
        images[0][0][3][3] = std::nan("");
        QCOMPARE(gradCam(network, images, 1).error().code, Code::nonFinite);
    }
};

QTEST_GUILESS_MAIN(GradCamTest)
#include "tst_gradcam.moc"
