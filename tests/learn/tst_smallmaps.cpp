// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions on maps of a few pixels give what the library's own give.
#include "learn/Autocast.h"
#include "learn/nets/SmallMaps.h"

#include <QTest>
#include <torch/torch.h>

using namespace foveate::learn;

namespace {

double relativeDifference(const at::Tensor& a, const at::Tensor& b)
{
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

torch::nn::Conv2d layerOf(int inputs, int outputs, int stride, int kernel = 3)
{
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).padding(kernel / 2).bias(false));
}

at::Tensor imagesOf(int inputs, int side)
{
    return torch::randn({5, inputs, side, side}).contiguous(at::MemoryFormat::ChannelsLast);
}

struct Pass {
    at::Tensor output, ofInput, ofWeight;
};

/// Forward, and backward from a fixed weighting of the outputs.
template <typename Forward> Pass passOf(torch::nn::Conv2d& layer, at::Tensor input, const Forward& forward)
{
    layer->zero_grad();
    input = input.detach().requires_grad_(true);
    const at::Tensor output = forward(input);
    torch::manual_seed(7);
    (output.to(at::kFloat) * torch::randn(output.sizes())).sum().backward();
    return {output.detach().to(at::kFloat), input.grad().clone(), layer->weight.grad().clone()};
}

} // namespace

class SmallMapsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalsTheLibrary_data()
    {
        QTest::addColumn<int>("side");
        QTest::addColumn<int>("stride");
        QTest::addColumn<bool>("bfloat16");
        QTest::addColumn<double>("limit");
        for (const int side : {2, 3, 4})
            QTest::addRow("side %d", side) << side << 1 << false << 1e-5;
        for (const int side : {5, 6, 7, 8})
            QTest::addRow("side %d, stride 2", side) << side << 2 << false << 1e-5;
        QTest::addRow("bfloat16") << 3 << 1 << true << 1e-2;
        QTest::addRow("bfloat16, stride 2") << 6 << 2 << true << 1e-2;
    }

    void equalsTheLibrary()
    {
        QFETCH(int, side);
        QFETCH(int, stride);
        QFETCH(bool, bfloat16);
        QFETCH(double, limit);
        torch::manual_seed(3);
        torch::nn::Conv2d layer = layerOf(24, 512, stride);
        const at::Tensor input = imagesOf(24, side);
        QVERIFY(makesSmallMaps(*layer, input));
        const Autocast autocast(bfloat16);
        const Pass ours = passOf(layer, input, [&](const at::Tensor& x) { return convolveToSmallMaps(*layer, x); });
        const Pass theirs = passOf(layer, input, [&](const at::Tensor& x) { return layer->forward(x); });
        QVERIFY(at::equal(ours.output, theirs.output));
        QVERIFY(at::equal(ours.ofInput, theirs.ofInput));
        QVERIFY2(relativeDifference(ours.ofWeight, theirs.ofWeight) <= limit,
                 qPrintable(QString::number(relativeDifference(ours.ofWeight, theirs.ofWeight))));
    }

    void leavesOtherLayersAlone()
    {
        QVERIFY(!makesSmallMaps(*layerOf(24, 512, 1), imagesOf(24, 5)));
        QVERIFY(!makesSmallMaps(*layerOf(24, 512, 1), imagesOf(24, 1)));
        QVERIFY(!makesSmallMaps(*layerOf(24, 256, 1), imagesOf(24, 3)));
        QVERIFY(!makesSmallMaps(*layerOf(24, 512, 1, 1), imagesOf(24, 3)));
        torch::nn::Conv2d frozen = layerOf(24, 512, 1);
        frozen->weight.requires_grad_(false);
        QVERIFY(!makesSmallMaps(*frozen, imagesOf(24, 3)));
    }
};

QTEST_APPLESS_MAIN(SmallMapsTest)
#include "tst_smallmaps.moc"
