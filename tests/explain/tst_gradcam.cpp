// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Example.h"
#include "explain/GradCam.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <QTest>

using namespace foveate;
using namespace foveate::explain;
using namespace foveate::learn;

namespace {

Network formulaNetwork()
{
    return exampleNetwork("resnet18", 3, false);
}

Result<GradCam> camOf(const Network& network, const at::Tensor& images, int classIndex = -1)
{
    return gradCam(*layersOf(network), images, classIndex);
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
        const at::Tensor expected =
            referenceMaps("learn/reference/resnet18_gradcam_" + std::to_string(classIndex) + ".npy");
        QVERIFY(expected.defined());
        const Result<GradCam> cam = camOf(network, images, classIndex);
        QVERIFY(cam.has_value());
        const double difference = (cam->map - expected).abs().max().item<double>() / expected.max().item<double>();
        QVERIFY2(difference <= 1e-5, qPrintable(QString::number(difference)));
    }

    void isZeroWithoutEvidence()
    {
        Network network = formulaNetwork();
        network.state().at("fc.weight")[1].abs_().neg_(); // every activation speaks against the class
        const Result<GradCam> cam = camOf(network, formulaTensor("colour", {2, 3, 64, 64}), 1);
        QCOMPARE(cam->map.max().item<float>(), 0.0F);
    }

    void explainsThePredictedClassByDefault()
    {
        Network network = formulaNetwork();
        const at::Tensor images = formulaTensor("colour", {2, 3, 64, 64});
        const GradCam predicted = *camOf(network, images);
        for (std::int64_t i = 0; i < 2; ++i) {
            const int top = predicted.logits[i].argmax().item<int>();
            QCOMPARE(predicted.classes[std::size_t(i)], top);
            const GradCam named = *camOf(network, images, top);
            QVERIFY(at::equal(predicted.map[i], named.map[i]));
        }
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
        QCOMPARE(camOf(network, formulaTensor("colour", {1, 3, 64, 64}), 3).error().code, Code::wrongShape);
    }

    void notANumberIsNoMap()
    {
        Network network = formulaNetwork();
        at::Tensor images = formulaTensor("colour", {1, 3, 64, 64});
        images[0][0][3][3] = std::nan("");
        QCOMPARE(camOf(network, images, 1).error().code, Code::nonFinite);
    }
};

QTEST_GUILESS_MAIN(GradCamTest)
#include "tst_gradcam.moc"
