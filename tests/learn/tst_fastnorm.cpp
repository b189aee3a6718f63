// SPDX-License-Identifier: GPL-3.0-or-later
// Batch norm with the sum and the ReLU behind it gives what the library's layers give in double, running statistics
// too.
#include "Passes.h"
#include "learn/Autocast.h"
#include "learn/nets/FastNorm.h"

#include <ATen/core/grad_mode.h>
#include <QTest>

using namespace foveate::learn;

namespace {

torch::nn::BatchNorm2d layerOf(int channels)
{
    torch::nn::BatchNorm2d norm(channels);
    const at::NoGradGuard guard;
    norm->weight.copy_(torch::randn({channels})); // negative scales too
    norm->bias.copy_(torch::randn({channels}));
    return norm;
}

/// Means far from 0 in some channels, where a sum of squares would lose its digits.
at::Tensor shiftedMaps(int images, int channels, int side)
{
    return (mapsOf(images, channels, side, side) + 30 * torch::randn({1, channels, 1, 1}))
        .contiguous(at::MemoryFormat::ChannelsLast);
}

} // namespace

class FastNormTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { at::manual_seed(3); }
    void cleanup() { at::set_num_threads(2); }

    void equalsTheLibrary_data()
    {
        QTest::addColumn<int>("images");
        QTest::addColumn<int>("channels");
        QTest::addColumn<int>("side");
        QTest::addColumn<bool>("adds");
        QTest::addColumn<bool>("relu");
        QTest::newRow("rows not by 64") << 5 << 32 << 7 << false << true;
        QTest::newRow("fewer rows than threads") << 2 << 16 << 1 << false << true;
        QTest::newRow("one image") << 1 << 64 << 12 << false << true;
        QTest::newRow("many") << 16 << 64 << 24 << false << true;
        QTest::newRow("nothing behind") << 5 << 32 << 7 << false << false;
        QTest::newRow("sum behind") << 5 << 32 << 7 << true << false;
        QTest::newRow("sum and ReLU behind") << 5 << 32 << 7 << true << true;
        QTest::newRow("sum and ReLU behind many") << 16 << 64 << 24 << true << true;
    }

    void equalsTheLibrary()
    {
        QFETCH(int, images);
        QFETCH(int, channels);
        QFETCH(int, side);
        QFETCH(bool, adds);
        QFETCH(bool, relu);
        // The shortcut is made from the maps too, so that their gradient shows its own.
        const auto shortcut = [](const at::Tensor& x) { return (x * .5).contiguous(at::MemoryFormat::ChannelsLast); };
        const torch::nn::BatchNorm2d fresh = layerOf(channels);
        const at::Tensor maps = shiftedMaps(images, channels, side);
        const at::Tensor weighting = mapsOf(images, channels, side, side);
        torch::nn::BatchNorm2d reference = inDouble(fresh);
        const Pass exact = passOf(reference, maps.to(at::kDouble), weighting.to(at::kDouble), [&](const at::Tensor& x) {
            const at::Tensor normed = reference->forward(x);
            const at::Tensor sum = adds ? normed + shortcut(x) : normed;
            return relu ? sum.relu() : sum;
        });
        for (const int threads : {1, 2, 5}) {
            at::set_num_threads(threads);
            torch::nn::BatchNorm2d layer(std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(fresh->clone()));
            QVERIFY(suitsFastNorm(*layer, maps));
            const Pass ours = passOf(layer, maps, weighting, [&](const at::Tensor& x) {
                return fastNorm(*layer, x, {.added = adds ? shortcut(x) : at::Tensor(), .relu = relu});
            });
            QCOMPARE_LE(relativeDifference(ours.output, exact.output), 1e-4);
            QCOMPARE_LE(relativeDifference(ours.ofWeight, exact.ofWeight), 1e-4);
            QCOMPARE_LE(relativeDifference(ours.ofBias, exact.ofBias), 1e-4);
            if (images * side * side > 2) // of two values the gradient is a difference of rounding errors
                QCOMPARE_LE(relativeDifference(ours.ofInput, exact.ofInput), 1e-4);
            QCOMPARE_LE(relativeDifference(layer->running_mean, reference->running_mean), 1e-6);
            QCOMPARE_LE(relativeDifference(layer->running_var, reference->running_var), 1e-5);
            QCOMPARE(layer->num_batches_tracked.item<std::int64_t>(), 1);
        }
    }

    void worksUnderAutocast()
    {
        torch::nn::BatchNorm2d layer = layerOf(32);
        const at::Tensor maps = mapsOf(4, 32, 8, 8).to(at::kBFloat16);
        const at::Tensor weighting = mapsOf(4, 32, 8, 8);
        const Pass exact = exactPass(layer, maps, weighting, [](torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
            return norm->forward(x).relu();
        });
        const Autocast autocast(true);
        const Pass ours =
            passOf(layer, maps, weighting, [&](const at::Tensor& x) { return fastNorm(*layer, x, {.relu = true}); });
        QCOMPARE(ours.output.scalar_type(), at::kBFloat16);
        QCOMPARE_LE(relativeDifference(ours.output, exact.output), 1e-2);
        QCOMPARE_LE(relativeDifference(ours.ofInput, exact.ofInput), 2e-2);
        QCOMPARE_LE(relativeDifference(ours.ofWeight, exact.ofWeight), 2e-2);
    }

    void leavesOtherMapsAlone()
    {
        torch::nn::BatchNorm2d norm = layerOf(32);
        QVERIFY(!suitsFastNorm(*norm, mapsOf(1, 32, 1, 1))); // one value a channel: the library says what is wrong
        QVERIFY(!suitsFastNorm(*norm, mapsOf(2, 32, 3, 3).to(at::kDouble)));
        QVERIFY(!suitsFastNorm(*layerOf(24), mapsOf(2, 24, 3, 3)));
    }
};

QTEST_APPLESS_MAIN(FastNormTest)
#include "tst_fastnorm.moc"
