// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions by minimal filtering give what the sum over the window gives in double.
#include "Passes.h"
#include "learn/Autocast.h"
#include "learn/nets/Layouts.h"
#include "learn/nets/Winograd.h"

#include <ATen/core/grad_mode.h>
#include <QTest>
#include <array>
#include <thread>

using namespace foveate::learn;

namespace {

torch::nn::Conv2d layerOf(int inputs, int outputs, bool bias = false, int kernel = 3, int stride = 1)
{
    torch::nn::Conv2d layer(
        torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).padding(kernel / 2).bias(bias));
    layer->weight.set_data(layer->weight.contiguous(at::MemoryFormat::ChannelsLast));
    return layer;
}

at::Tensor byTheLibrary(torch::nn::Conv2d& layer, const at::Tensor& maps)
{
    return layer->forward(maps);
}

} // namespace

class WinogradTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { at::manual_seed(3); }
    void cleanup() { at::set_num_threads(2); }

    void equalsTheSumOverTheWindow_data()
    {
        QTest::addColumn<int>("height");
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("bias");
        for (const int side : {2, 3, 4, 5, 6, 7, 12, 13, 24})
            QTest::addRow("%d×%d", side, side) << side << side << (side % 2 == 0);
        QTest::addRow("5×9") << 5 << 9 << true;
        QTest::addRow("16×3") << 16 << 3 << false;
    }

    void equalsTheSumOverTheWindow()
    {
        QFETCH(int, height);
        QFETCH(int, width);
        QFETCH(bool, bias);
        torch::nn::Conv2d layer = layerOf(32, 48, bias);
        const at::Tensor maps = mapsOf(5, 32, height, width);
        const at::Tensor weighting = mapsOf(5, 48, height, width);
        QVERIFY(suitsWinograd(*layer, maps));
        for (const int threads : {1, 2, 3}) {
            at::set_num_threads(threads);
            const Pass ours =
                passOf(layer, maps, weighting, [&](const at::Tensor& x) { return convolveByWinograd(*layer, x); });
            const Pass exact = exactPass(layer, maps, weighting, byTheLibrary);
            QCOMPARE_LE(relativeDifference(ours.output, exact.output), 2e-5);
            QCOMPARE_LE(relativeDifference(ours.ofInput, exact.ofInput), 2e-5);
            QCOMPARE_LE(relativeDifference(ours.ofWeight, exact.ofWeight), 2e-5);
            if (bias)
                QCOMPARE_LE(relativeDifference(ours.ofBias, exact.ofBias), 2e-5);
        }
    }

    void worksUnderAutocast()
    {
        torch::nn::Conv2d layer = layerOf(64, 64);
        const at::Tensor maps = mapsOf(4, 64, 12, 12);
        const at::Tensor weighting = mapsOf(4, 64, 12, 12);
        const Autocast autocast(true);
        const Pass ours =
            passOf(layer, maps, weighting, [&](const at::Tensor& x) { return convolveByWinograd(*layer, x); });
        QCOMPARE(ours.output.scalar_type(), at::kBFloat16);
        const Pass theirs = passOf(layer, maps, weighting, [&](const at::Tensor& x) { return layer->forward(x); });
        const Pass exact = exactPass(layer, maps, weighting, byTheLibrary);
        // Only inputs and outputs are rounded, so it is nearer to the truth than the library, which rounds kernels too.
        QCOMPARE_LE(relativeDifference(ours.output, exact.output), relativeDifference(theirs.output, exact.output));
        QCOMPARE_LE(relativeDifference(ours.ofInput, exact.ofInput), 1e-2);
        QCOMPARE_LE(relativeDifference(ours.ofWeight, exact.ofWeight), 1e-2);
    }

    void anImagesResultDependsOnNoOther()
    {
        torch::nn::Conv2d layer = layerOf(64, 32);
        const at::Tensor maps = mapsOf(37, 64, 6, 6);
        const at::Tensor together = convolveByWinograd(*layer, maps);
        at::set_num_threads(1);
        for (const int image : {0, 17, 36})
            QVERIFY(at::equal(convolveByWinograd(*layer, maps.slice(0, image, image + 1)),
                              together.slice(0, image, image + 1)));
    }

    void addsAndClips()
    {
        const at::NoGradGuard guard;
        torch::nn::Conv2d layer = layerOf(32, 32, true);
        const at::Tensor maps = mapsOf(3, 32, 7, 7);
        const at::Tensor shortcut = mapsOf(3, 32, 7, 7);
        const at::Tensor expected = (layer->forward(maps) + shortcut).relu();
        WinogradKernels kernels(layer->weight, layer->bias);
        const at::Tensor target = shortcut.clone();
        const at::Tensor result = kernels.convolve(maps, target, true);
        QVERIFY(result.is_same(target));
        QCOMPARE_LE(relativeDifference(result, expected), 2e-5);
        QCOMPARE_LE(relativeDifference(kernels.convolve(maps, {}, false), layer->forward(maps)), 2e-5);
        // Another tile size from the same kernels.
        const at::Tensor larger = mapsOf(2, 32, 12, 12);
        QCOMPARE_LE(relativeDifference(kernels.convolve(larger, {}, false), layer->forward(larger)), 2e-5);
    }

    /// In a file compiled without OpenMP LibTorch's loops run on one thread, and say nothing of it.
    void workIsSharedOutToThreads()
    {
        std::array<std::thread::id, 2> ran;
        share(2, 1, [&ran](std::int64_t part, std::int64_t, std::int64_t) {
            ran[std::size_t(part)] = std::this_thread::get_id();
        });
        QVERIFY(ran[0] != ran[1]);
    }

    void leavesOtherLayersAlone()
    {
        const at::Tensor maps = mapsOf(2, 32, 8, 8);
        QVERIFY(suitsWinograd(*layerOf(32, 32), maps));
        QVERIFY(!suitsWinograd(*layerOf(32, 32, false, 1), maps));
        QVERIFY(!suitsWinograd(*layerOf(32, 32, false, 5), maps));
        QVERIFY(!suitsWinograd(*layerOf(32, 32, false, 3, 2), maps));
        QVERIFY(!suitsWinograd(*layerOf(32, 24), maps));
        QVERIFY(!suitsWinograd(*layerOf(3, 32), mapsOf(2, 3, 8, 8)));
        QVERIFY(!suitsWinograd(*layerOf(32, 32), maps.to(at::kDouble)));
        QVERIFY(!suitsWinograd(*layerOf(32, 32), mapsOf(2, 32, 1, 1)));
    }
};

QTEST_APPLESS_MAIN(WinogradTest)
#include "tst_winograd.moc"
