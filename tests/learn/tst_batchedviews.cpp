// SPDX-License-Identifier: GPL-3.0-or-later
// The tensor operations against the fused kernels, view by view.
#include "base/Random.h"
#include "learn/BatchedViews.h"

#include <QtTest>

using namespace foveate;
using namespace foveate::learn;
using namespace foveate::learn::augment;

namespace {

constexpr int kImages = 24;

/// Smooth shapes under fine texture, as scans have.
at::Tensor images(int size, int channels)
{
    const auto generator = at::detail::createCPUGenerator(7);
    const at::Tensor coarse = at::rand({kImages, channels, 6, 6}, generator);
    const at::Tensor fine = at::rand({kImages, channels, size, size}, generator);
    const at::Tensor smooth = at::upsample_bilinear2d(coarse, {size, size}, false);
    return (smooth * 200 + fine * 55).to(at::kByte).permute({0, 2, 3, 1}).contiguous();
}

at::Tensor oneByOne(const at::Tensor& images, const std::vector<ViewParameters>& views, int outSize,
                    const Normalisation& normalisation)
{
    const int size = int(images.size(1)), channels = int(images.size(3));
    at::Tensor out = at::empty({images.size(0), channels, outSize, outSize}, at::kFloat);
    for (std::int64_t i = 0; i < images.size(0); ++i) {
        const std::span<const std::uint8_t> pixels(images[i].const_data_ptr<std::uint8_t>(),
                                                   std::size_t(images[i].numel()));
        render(pixels, size, channels, views[std::size_t(i)], outSize, normalisation, Layout::planes,
               out[i].mutable_data_ptr<float>());
    }
    return out;
}

/// Every operation at least once among the images, in all orders of jitter.
Preset everything()
{
    Preset preset;
    preset.cropArea = {.1, 1};
    preset.flipHorizontal = preset.flipVertical = preset.grey = preset.blur = preset.solarise = .5;
    preset.rotation = 40;
    preset.jitter = .9;
    preset.brightness = preset.contrast = preset.saturation = .8;
    preset.hue = .4;
    preset.gamma = {.6, 1.6};
    preset.noise = .05;
    return preset;
}

std::vector<ViewParameters> drawn(const Preset& preset, int size, int outSize)
{
    std::vector<ViewParameters> views;
    Random random(11);
    for (int i = 0; i < kImages; ++i)
        views.push_back(draw(preset, size, outSize, random));
    return views;
}

} // namespace

class TstBatchedViews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalTheFusedKernels_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("channels");
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("outSize");
        std::vector<std::string> names = presetNames();
        names.emplace_back("everything");
        for (const std::string& name : names)
            for (const int channels : {1, 3})
                for (const auto& [size, outSize] : {std::pair(48, 48), std::pair(64, 24), std::pair(20, 33)})
                    QTest::addRow("%s, %d channels, %d to %d", name.c_str(), channels, size, outSize)
                        << QString::fromStdString(name) << channels << size << outSize;
    }

    void equalTheFusedKernels()
    {
        QFETCH(QString, name);
        QFETCH(int, channels);
        QFETCH(int, size);
        QFETCH(int, outSize);
        const Preset chosen = name == "everything" ? everything() : *preset(name.toStdString());
        const std::vector<ViewParameters> views = drawn(chosen, size, outSize);
        const at::Tensor source = images(size, channels);
        const Normalisation plain{{0, 0, 0}, {1, 1, 1}};
        const at::Tensor batch = renderBatch(source, views, outSize, plain);
        QVERIFY(batch.is_contiguous(at::MemoryFormat::ChannelsLast));
        const at::Tensor difference = (batch - oneByOne(source, views, outSize, plain)).abs();
        QVERIFY(difference.mean().item<double>() < 2e-5);
        // Where a threshold or the order of colours decides, rounding may tip a pixel.
        QVERIFY((difference > 2e-4).to(at::kDouble).mean().item<double>() < 1e-3);
    }

    void normaliseEachChannel()
    {
        const at::Tensor source = images(24, 3);
        const std::vector<ViewParameters> views = drawn(*preset("none"), 24, 24);
        const Normalisation colour = usualNormalisation(3);
        const at::Tensor difference = renderBatch(source, views, 24, colour) - oneByOne(source, views, 24, colour);
        QVERIFY(difference.abs().max().item<double>() < 1e-5);
    }

    void moreImagesThanAChunk()
    {
        const at::Tensor one = images(16, 1);
        const at::Tensor many = one.repeat({7, 1, 1, 1});
        std::vector<ViewParameters> views;
        for (int i = 0; i < 7; ++i) {
            const std::vector<ViewParameters> again = drawn(everything(), 16, 16);
            views.insert(views.end(), again.begin(), again.end());
        }
        const at::Tensor batch = renderBatch(many, views, 16, usualNormalisation(1));
        QVERIFY(at::allclose(batch.narrow(0, 6 * kImages, kImages), batch.narrow(0, 0, kImages), 1e-5, 1e-5));
    }
};

QTEST_GUILESS_MAIN(TstBatchedViews)
#include "tst_batchedviews.moc"
