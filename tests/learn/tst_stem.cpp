// SPDX-License-Identifier: GPL-3.0-or-later
// The first convolution gives what the library's gives in double, on grey and on colour images.
#include "Passes.h"
#include "learn/Autocast.h"
#include "learn/nets/Stem.h"

#include <QTest>

using namespace foveate::learn;

namespace {

torch::nn::Conv2d layerOf(int outputs, int kernel = 7, int stride = 2)
{
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(3, outputs, kernel).stride(stride).padding(kernel / 2).bias(false));
}

at::Tensor byTheLibrary(torch::nn::Conv2d& layer, const at::Tensor& images)
{
    return layer->forward(images.expand({-1, 3, -1, -1}));
}

} // namespace

class StemTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { at::manual_seed(3); }
    void cleanup() { at::set_num_threads(2); }

    void equalsTheLibrary_data()
    {
        QTest::addColumn<int>("channels");
        QTest::addColumn<int>("height");
        QTest::addColumn<int>("width");
        for (const int channels : {1, 3}) {
            QTest::addRow("%d channels, 24×24", channels) << channels << 24 << 24;
            QTest::addRow("%d channels, 7×7", channels) << channels << 7 << 7;
            QTest::addRow("%d channels, 33×18", channels) << channels << 33 << 18;
            QTest::addRow("%d channels, 1×5", channels) << channels << 1 << 5;
        }
    }

    void equalsTheLibrary()
    {
        QFETCH(int, channels);
        QFETCH(int, height);
        QFETCH(int, width);
        torch::nn::Conv2d layer = layerOf(32);
        const at::Tensor images = mapsOf(5, channels, height, width);
        const at::Tensor weighting = mapsOf(5, 32, (height + 1) / 2, (width + 1) / 2);
        QVERIFY(suitsStem(*layer, images));
        const Pass exact = exactPass(layer, images, weighting, byTheLibrary, false);
        for (const int threads : {1, 2, 7}) {
            at::set_num_threads(threads);
            const Pass ours = passOf(
                layer, images, weighting, [&](const at::Tensor& x) { return convolveStem(*layer, x); }, false);
            QCOMPARE(ours.output.sizes(), exact.output.sizes());
            QCOMPARE_LE(relativeDifference(ours.output, exact.output), 2e-6);
            QCOMPARE_LE(relativeDifference(ours.ofWeight, exact.ofWeight), 1e-5);
        }
    }

    void worksUnderAutocast()
    {
        torch::nn::Conv2d layer = layerOf(64);
        const at::Tensor images = mapsOf(3, 1, 32, 32);
        const at::Tensor weighting = mapsOf(3, 64, 16, 16);
        const Pass exact = exactPass(layer, images, weighting, byTheLibrary, false);
        const Autocast autocast(true);
        const Pass ours = passOf(
            layer, images, weighting, [&](const at::Tensor& x) { return convolveStem(*layer, x); }, false);
        QCOMPARE(ours.output.scalar_type(), at::kBFloat16);
        QCOMPARE_LE(relativeDifference(ours.output, exact.output), 5e-3);
        QCOMPARE_LE(relativeDifference(ours.ofWeight, exact.ofWeight), 1e-2);
    }

    void anImagesResultDependsOnNoOther()
    {
        torch::nn::Conv2d layer = layerOf(16);
        const at::Tensor images = mapsOf(9, 1, 20, 20);
        QVERIFY(at::equal(convolveStem(*layer, images).slice(0, 4, 5), convolveStem(*layer, images.slice(0, 4, 5))));
    }

    void leavesOtherLayersAlone()
    {
        const at::Tensor images = mapsOf(2, 3, 16, 16);
        QVERIFY(!suitsStem(*layerOf(64, 3, 1), images));
        QVERIFY(!suitsStem(*layerOf(64, 7, 1), images));
        QVERIFY(!suitsStem(*layerOf(24), images));
        QVERIFY(!suitsStem(*layerOf(64), images.to(at::kDouble)));
        QVERIFY(!suitsStem(*layerOf(64), mapsOf(2, 2, 16, 16)));
        QVERIFY(!suitsStem(*layerOf(64), images.detach().requires_grad_(true)));
    }
};

QTEST_APPLESS_MAIN(StemTest)
#include "tst_stem.moc"
