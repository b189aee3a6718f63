// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/radiomics/Region.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace foveate::query::radiomics {
namespace {

struct Share { ///< how much of an old pixel goes into a new one
    std::size_t from = 0, to = 0;
    double weight = 0;
};

/// Overlaps of `n` old cells with `m` new ones along one axis; the weights of a new cell sum to 1.
std::vector<Share> overlaps(std::size_t n, std::size_t m)
{
    std::vector<Share> shares;
    const double step = double(n) / double(m);
    for (std::size_t to = 0; to < m; ++to) {
        const double begin = double(to) * step, end = begin + step;
        for (auto from = std::size_t(begin); from < n && double(from) < end - 1e-9; ++from) {
            const double covered = std::min(end, double(from + 1)) - std::max(begin, double(from));
            if (covered > 1e-9)
                shares.push_back({from, to, covered / step});
        }
    }
    return shares;
}

/// Along rows (stride 1) or columns; mirrored at the edges (… 1 0 | 0 1 …).
void convolve(const std::vector<float>& kernel, std::vector<float>& values, std::size_t lines, std::size_t length,
              std::size_t lineStride, std::size_t stride)
{
    const auto radius = std::ptrdiff_t(kernel.size() / 2), n = std::ptrdiff_t(length);
    std::vector<float> line(length);
    for (std::size_t l = 0; l < lines; ++l) {
        float* const at = values.data() + l * lineStride;
        for (std::size_t i = 0; i < length; ++i)
            line[i] = at[i * stride];
        for (std::ptrdiff_t i = 0; i < n; ++i) {
            float sum = 0;
            for (std::ptrdiff_t k = -radius; k <= radius; ++k) {
                std::ptrdiff_t j = (i + k) % (2 * n);
                j = j < 0 ? j + 2 * n : j;
                sum += kernel[std::size_t(k + radius)] * line[std::size_t(j < n ? j : 2 * n - 1 - j)];
            }
            at[std::size_t(i) * stride] = sum;
        }
    }
}

/// Marks the part that holds `start`; returns its size.
std::size_t flood(const Mask& mask, std::size_t start, std::uint32_t mark, std::vector<std::uint32_t>& marks)
{
    const std::size_t width = mask.width, size = mask.on.size();
    std::vector<std::size_t> open{start};
    marks[start] = mark;
    std::size_t pixels = 0;
    const auto visit = [&](std::size_t i) {
        if (mask.on[i] != 0 && marks[i] == 0) {
            marks[i] = mark;
            open.push_back(i);
        }
    };
    while (!open.empty()) {
        const std::size_t i = open.back();
        open.pop_back();
        ++pixels;
        if (i % width > 0)
            visit(i - 1);
        if (i % width + 1 < width)
            visit(i + 1);
        if (i >= width)
            visit(i - width);
        if (i + width < size)
            visit(i + width);
    }
    return pixels;
}

} // namespace

std::vector<float> averaged(const Map& map, std::size_t side)
{
    const std::size_t width = std::min(side, map.width), height = std::min(side, map.height());
    const std::vector<Share> across = overlaps(map.width, width), down = overlaps(map.height(), height);
    std::vector<double> narrow(map.height() * width, 0);
    for (std::size_t y = 0; y < map.height(); ++y)
        for (const Share& s : across)
            narrow[y * width + s.to] += s.weight * double(map.values[y * map.width + s.from]);
    std::vector<double> small(width * height, 0);
    for (const Share& s : down)
        for (std::size_t x = 0; x < width; ++x)
            small[s.to * width + x] += s.weight * narrow[s.from * width + x];
    return {small.begin(), small.end()};
}

std::vector<float> smoothed(const Map& map, double sigma)
{
    std::vector<float> values(map.values.begin(), map.values.end());
    const int radius = int(std::ceil(4 * sigma));
    if (radius < 1 || values.empty())
        return values;
    std::vector<float> kernel;
    float sum = 0;
    for (int k = -radius; k <= radius; ++k) {
        kernel.push_back(float(std::exp(-.5 * k * k / (sigma * sigma))));
        sum += kernel.back();
    }
    for (float& weight : kernel)
        weight /= sum;
    convolve(kernel, values, map.height(), map.width, map.width, 1);
    convolve(kernel, values, map.width, map.height(), 1, map.width);
    return values;
}

float otsuThreshold(std::span<const float> values)
{
    constexpr std::size_t kBins = 256;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const double base = double(*low), width = (double(*high) - base) / kBins;
    if (!(width > 0))
        return float(base);
    std::array<double, kBins> counts{};
    double sum = 0;
    for (const float v : values)
        ++counts[std::min(kBins - 1, std::size_t((double(v) - base) / width))];
    for (std::size_t i = 0; i < kBins; ++i)
        sum += counts[i] * double(i);
    double below = 0, belowSum = 0, best = -1;
    std::size_t cut = 0;
    for (std::size_t i = 0; i + 1 < kBins; ++i) {
        below += counts[i];
        belowSum += counts[i] * double(i);
        const double above = double(values.size()) - below;
        if (below == 0 || above == 0)
            continue;
        const double apart = belowSum / below - (sum - belowSum) / above;
        if (const double between = below * above * apart * apart; between > best) {
            best = between;
            cut = i;
        }
    }
    return float(base + double(cut + 1) * width);
}

Mask largestPart(Mask mask)
{
    std::vector<std::uint32_t> marks(mask.on.size(), 0);
    std::uint32_t last = 0, largest = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < mask.on.size(); ++i)
        if (mask.on[i] != 0 && marks[i] == 0)
            if (const std::size_t pixels = flood(mask, i, ++last, marks); pixels > most) {
                most = pixels;
                largest = last;
            }
    for (std::size_t i = 0; i < marks.size(); ++i)
        mask.on[i] = std::uint8_t(largest != 0 && marks[i] == largest);
    return mask;
}

Mask hotRegion(const Map& map)
{
    const std::vector<float> soft = smoothed(map, .01 * double(map.width));
    Mask mask{std::vector<std::uint8_t>(soft.size(), 0), map.width};
    if (soft.empty())
        return mask;
    const float threshold = otsuThreshold(soft);
    if (*std::max_element(soft.begin(), soft.end()) > *std::min_element(soft.begin(), soft.end()))
        std::transform(soft.begin(), soft.end(), mask.on.begin(),
                       [&](float v) { return std::uint8_t(v >= threshold); });
    return largestPart(std::move(mask));
}

} // namespace foveate::query::radiomics
