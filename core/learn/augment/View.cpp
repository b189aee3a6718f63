// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/augment/View.h"

#include "learn/augment/Geometry.h"
#include "learn/augment/Kernels.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace foveate::learn::augment {
namespace {

/// torchvision's RandomResizedCrop: ten tries, then the whole image (which is square here).
Crop drawCrop(const Preset& preset, int size, Random& random)
{
    for (int attempt = 0; attempt < 10; ++attempt) {
        const double area = double(size) * size * random.uniform(preset.cropArea.low, preset.cropArea.high);
        const double ratio = std::exp(random.uniform(std::log(preset.cropRatio.low), std::log(preset.cropRatio.high)));
        const int width = int(std::lround(std::sqrt(area * ratio)));
        const int height = int(std::lround(std::sqrt(area / ratio)));
        if (width < 1 || height < 1 || width > size || height > size)
            continue;
        const int top = int(random.below(std::uint64_t(size - height + 1)));
        const int left = int(random.below(std::uint64_t(size - width + 1)));
        return {left, top, width, height};
    }
    return {0, 0, size, size};
}

void drawGeometry(const Preset& preset, int size, Random& random, ViewParameters& view)
{
    const Crop crop = drawCrop(preset, size, random);
    view.left = double(crop.left) / size;
    view.top = double(crop.top) / size;
    view.width = double(crop.width) / size;
    view.height = double(crop.height) / size;
    view.flipHorizontally = random.chance(preset.flipHorizontal);
    view.flipVertically = random.chance(preset.flipVertical);
    if (preset.quarterTurns)
        view.rotation = 90. * (double(random.below(3)) - 1.);
    else
        view.rotation = random.uniform(-preset.rotation, preset.rotation);
}

double drawFactor(double strength, Random& random)
{
    return random.uniform(std::max(0., 1. - strength), 1. + strength);
}

void drawJitter(const Preset& preset, Random& random, ViewParameters& view)
{
    if (!random.chance(preset.jitter))
        return;
    view.jitterFactor = {drawFactor(preset.brightness, random), drawFactor(preset.contrast, random),
                         drawFactor(preset.saturation, random), random.uniform(-preset.hue, preset.hue)};
    const double strengths[] = {preset.brightness, preset.contrast, preset.saturation, preset.hue};
    std::vector<Colour> order;
    for (int i = 0; i < 4; ++i)
        if (strengths[i] > 0)
            order.push_back(Colour(i));
    random.shuffle(order);
    std::copy(order.begin(), order.end(), view.jitterOrder.begin());
    view.jitters = int(order.size());
}

int kernelTaps(double kernel, int outSize)
{
    const int taps = int(kernel <= 1 ? kernel * outSize : kernel);
    return std::max(3, taps | 1);
}

struct Taps {
    int count = 0;
    std::vector<int> start;     ///< [n]
    std::vector<float> weights; ///< [count·n], tap-major
};

/// Weights of a triangle filter, widened when it shrinks (antialiasing), as Pillow and torchvision compute them; the
/// taps lie in [0, length). `mirrored`: the view's pixels in reverse order.
void fillTaps(Taps& taps, int length, int n, bool mirrored)
{
    const double scale = double(length) / n;
    const double reach = std::max(scale, 1.);
    taps.count = std::min(length, std::max(2, int(std::ceil(2 * reach)) + (scale > 1 ? 1 : 0)));
    taps.start.assign(std::size_t(n), 0);
    taps.weights.assign(std::size_t(n) * std::size_t(taps.count), 0.f);
    for (int i = 0; i < n; ++i) {
        const int x = mirrored ? n - 1 - i : i;
        const double centre = (i + .5) * scale;
        const int first = std::max(0, int(centre - reach + .5));
        const int last = std::min(length, int(centre + reach + .5));
        const int start = std::min(first, length - taps.count);
        taps.start[std::size_t(x)] = start;
        double sum = 0;
        for (int s = first; s < last; ++s)
            sum += std::max(0., 1 - std::abs(s + .5 - centre) / reach);
        for (int s = first; s < last && s - start < taps.count; ++s) {
            const double weight = std::max(0., 1 - std::abs(s + .5 - centre) / reach) / sum;
            taps.weights[std::size_t(s - start) * std::size_t(n) + std::size_t(x)] = float(weight);
        }
    }
}

/// Scratch memory of one thread, and the steps of a rendering that need it.
class Renderer {
public:
    void render(std::span<const std::uint8_t> image, int size, int channels, const ViewParameters& view, int outSize,
                const Normalisation& normalisation, Layout layout, float* out);

private:
    void unpack(std::span<const std::uint8_t> image, int size);
    void resize(std::span<const std::uint8_t> image, int size, const Crop& crop, const ViewParameters& view);
    void sample(int width, const Crop& crop, const ViewParameters& view);
    void transpose();
    void geometry(std::span<const std::uint8_t> image, int size, const ViewParameters& view);
    void colours(const ViewParameters& view);
    void jitter(const ViewParameters& view);
    void apply(Colour colour, float factor);
    void contrast(float factor);
    void blur(double sigma, int taps);
    void blurPlane(float* plane, const std::vector<float>& weights);
    float* plane(int channel) { return m_view.data() + std::size_t(channel) * std::size_t(m_area); }
    template <typename Loop> void everyPlane(const Loop& loop)
    {
        for (int c = 0; c < m_channels; ++c)
            loop(plane(c));
    }

    const Kernels& m_kernels = kernels();
    int m_channels = 1, m_n = 0, m_area = 0;
    std::vector<float> m_view;   ///< [C, n, n]
    std::vector<float> m_source; ///< planes of the image, or of the resized crop before a rotation
    std::vector<float> m_rows;
    Taps m_across, m_down;
};

void Renderer::unpack(std::span<const std::uint8_t> image, int size)
{
    const std::size_t area = std::size_t(size) * std::size_t(size);
    m_source.resize(area * std::size_t(m_channels));
    // A square of rows is one long row.
    m_kernels.unpackRow(image.data(), int(area), m_channels, m_source.data(), int(area));
}

void Renderer::resize(std::span<const std::uint8_t> image, int size, const Crop& crop, const ViewParameters& view)
{
    fillTaps(m_across, crop.width, m_n, view.flipHorizontally);
    fillTaps(m_down, crop.height, m_n, view.flipVertically);
    const std::size_t n = std::size_t(m_n), height = std::size_t(crop.height), width = std::size_t(crop.width);
    m_rows.resize(width * std::size_t(m_channels) + height * n * std::size_t(m_channels));
    float* unpacked = m_rows.data();
    float* across = unpacked + width * std::size_t(m_channels);
    for (int y = 0; y < crop.height; ++y) {
        const std::size_t at =
            (std::size_t(crop.top + y) * std::size_t(size) + std::size_t(crop.left)) * std::size_t(m_channels);
        m_kernels.unpackRow(image.data() + at, crop.width, m_channels, unpacked, crop.width);
        for (int c = 0; c < m_channels; ++c)
            m_kernels.resampleRow(unpacked + std::size_t(c) * width, m_across.start.data(), m_across.weights.data(),
                                  m_across.count, m_n, across + (std::size_t(c) * height + std::size_t(y)) * n);
    }
    std::vector<float> weights(std::size_t(m_down.count));
    for (int y = 0; y < m_n; ++y) {
        for (int t = 0; t < m_down.count; ++t)
            weights[std::size_t(t)] = m_down.weights[std::size_t(t) * n + std::size_t(y)];
        const std::size_t first = std::size_t(m_down.start[std::size_t(y)]);
        for (int c = 0; c < m_channels; ++c)
            m_kernels.blendRows(across + (std::size_t(c) * height + first) * n, m_n, weights.data(), m_down.count, m_n,
                                plane(c) + std::size_t(y) * n);
    }
}

/// Rotates, mirrors and enlarges the crop of m_source (planes, `width` wide) into the view in one bilinear pass.
void Renderer::sample(int width, const Crop& crop, const ViewParameters& view)
{
    const Sampling sampling = samplingOf(crop, view, m_n);
    const std::size_t area = m_source.size() / std::size_t(m_channels);
    for (int channel = 0; channel < m_channels; ++channel)
        m_kernels.samplePlane(m_source.data() + std::size_t(channel) * area, width, sampling, m_n, plane(channel));
}

void Renderer::transpose()
{
    std::swap(m_view, m_source);
    m_view.resize(m_source.size());
    for (int c = 0; c < m_channels; ++c)
        m_kernels.transpose(m_source.data() + std::size_t(c) * std::size_t(m_area), m_n, plane(c));
}

void Renderer::geometry(std::span<const std::uint8_t> image, int size, const ViewParameters& view)
{
    const Crop crop = cropOf(view, size);
    switch (turnOf(view, crop, m_n)) {
    case Turn::none: resize(image, size, crop, view); break;
    case Turn::quarter:
        resize(image, size, crop, quarterTurned(view));
        transpose();
        break;
    case Turn::sampled:
        unpack(image, size);
        sample(size, crop, view);
        break;
    case Turn::after:
        resize(image, size, crop, view);
        std::swap(m_view, m_source);
        m_view.resize(m_source.size());
        sample(m_n, {0, 0, m_n, m_n}, turnedAlone(view));
        break;
    }
}

void Renderer::contrast(float factor)
{
    const bool coloured = m_channels == 3;
    const float mean = m_kernels.mean(plane(0), coloured ? plane(1) : nullptr, coloured ? plane(2) : nullptr, m_area);
    everyPlane([&](float* x) { m_kernels.blendConstant(x, m_area, factor, (1 - factor) * mean); });
}

void Renderer::apply(Colour colour, float factor)
{
    if (colour == Colour::brightness)
        everyPlane([&](float* x) { m_kernels.blendConstant(x, m_area, factor, 0); });
    else if (colour == Colour::contrast)
        contrast(factor);
    else if (m_channels == 3 && colour == Colour::saturation)
        m_kernels.blendLuma(plane(0), plane(1), plane(2), m_area, factor);
    else if (m_channels == 3)
        m_kernels.turnHue(plane(0), plane(1), plane(2), m_area, factor);
}

void Renderer::jitter(const ViewParameters& view)
{
    for (int i = 0; i < view.jitters; ++i) {
        const Colour colour = view.jitterOrder[std::size_t(i)];
        apply(colour, float(view.jitterFactor[std::size_t(colour)]));
    }
}

void Renderer::blurPlane(float* x, const std::vector<float>& weights)
{
    const int taps = int(weights.size()), radius = taps / 2, padded = m_n + 2 * radius;
    const std::size_t n = std::size_t(m_n);
    m_rows.resize(std::size_t(padded) * n + std::size_t(padded));
    float* tall = m_rows.data(); // [padded, n]: rows mirrored at both ends, each blurred along itself
    float* line = tall + std::size_t(padded) * n;
    for (int y = 0; y < m_n; ++y) {
        const float* row = x + std::size_t(y) * n;
        for (int i = 0; i < radius; ++i) {
            line[i] = row[reflected(i - radius, m_n)];
            line[m_n + radius + i] = row[reflected(m_n + i, m_n)];
        }
        std::copy_n(row, n, line + radius);
        // A row against itself, shifted by one for each tap.
        m_kernels.blendRows(line, 1, weights.data(), taps, m_n, tall + std::size_t(y + radius) * n);
    }
    for (int i = 0; i < radius; ++i) {
        std::copy_n(tall + std::size_t(reflected(i - radius, m_n) + radius) * n, n, tall + std::size_t(i) * n);
        std::copy_n(tall + std::size_t(reflected(m_n + i, m_n) + radius) * n, n,
                    tall + std::size_t(m_n + radius + i) * n);
    }
    for (int y = 0; y < m_n; ++y)
        m_kernels.blendRows(tall + std::size_t(y) * n, m_n, weights.data(), taps, m_n, x + std::size_t(y) * n);
}

void Renderer::blur(double sigma, int taps)
{
    const std::vector<float> weights = gaussian(sigma, taps, m_n);
    everyPlane([&](float* x) { blurPlane(x, weights); });
}

/// Everything after the geometry and before the normalisation.
void Renderer::colours(const ViewParameters& view)
{
    jitter(view);
    if (view.grey && m_channels == 3)
        m_kernels.blendLuma(plane(0), plane(1), plane(2), m_area, 0);
    if (view.gamma != 1)
        everyPlane([&](float* x) { m_kernels.power(x, m_area, float(view.gamma)); });
    if (view.blurSigma > 0 && view.blurKernel > 1)
        blur(view.blurSigma, view.blurKernel);
    if (view.solariseThreshold <= 1)
        everyPlane([&](float* x) { m_kernels.solarise(x, m_area, float(view.solariseThreshold)); });
    if (view.noise > 0)
        m_kernels.addNoise(m_view.data(), m_area * m_channels, float(view.noise), view.noiseSeed);
}

void Renderer::render(std::span<const std::uint8_t> image, int size, int channels, const ViewParameters& view,
                      int outSize, const Normalisation& normalisation, Layout layout, float* out)
{
    m_channels = channels;
    m_n = outSize;
    m_area = outSize * outSize;
    m_view.resize(std::size_t(m_area) * std::size_t(channels));
    geometry(image, size, view);
    colours(view);
    const bool planes = layout == Layout::planes;
    for (int c = 0; c < channels; ++c) {
        const float deviation = normalisation.deviation[std::size_t(c)];
        m_kernels.store(plane(c), m_area, 1 / deviation, -normalisation.mean[std::size_t(c)] / deviation,
                        planes ? 1 : channels, out + (planes ? std::size_t(c) * std::size_t(m_area) : std::size_t(c)));
    }
}

} // namespace

ViewParameters draw(const Preset& preset, int size, int outSize, Random& random)
{
    ViewParameters view;
    drawGeometry(preset, size, random, view);
    drawJitter(preset, random, view);
    view.grey = random.chance(preset.grey);
    view.gamma = std::exp(random.uniform(std::log(preset.gamma.low), std::log(preset.gamma.high)));
    if (random.chance(preset.blur)) {
        view.blurSigma = random.uniform(preset.blurSigma.low, preset.blurSigma.high);
        view.blurKernel = kernelTaps(preset.blurKernel, outSize);
    }
    if (random.chance(preset.solarise))
        view.solariseThreshold = preset.solariseThreshold;
    view.noise = random.uniform(0, preset.noise);
    view.noiseSeed = std::uint32_t(random.next());
    return view;
}

void render(std::span<const std::uint8_t> image, int size, int channels, const ViewParameters& view, int outSize,
            const Normalisation& normalisation, Layout layout, float* out)
{
    assert(channels == 1 || channels == 3);
    assert(image.size() == std::size_t(size) * std::size_t(size) * std::size_t(channels));
    thread_local Renderer renderer;
    renderer.render(image, size, channels, view, outSize, normalisation, layout, out);
}

} // namespace foveate::learn::augment
