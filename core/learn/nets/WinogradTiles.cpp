// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/WinogradTiles.h"

#include "learn/nets/WinogradTransforms.h"

#include <algorithm>
#include <limits>

namespace foveate::learn::winograd {
namespace {

constexpr int kTaps = 9;
constexpr int kRows = 6;  ///< of a product, in registers together: 6×16 sums leave room for the factors
constexpr int kLines = 4; ///< the same for the kernels' gradient, where rows are channels: 16 is no multiple of 6

using OneDimension = void (*)(const Lanes*, int, Lanes*, int);

/// [from,from] → [to,to]: columns, then rows.
template <int from, int to, OneDimension transform> void inBothDimensions(const Lanes* in, Lanes* out)
{
    Lanes half[to * from];
    for (int x = 0; x < from; ++x)
        transform(in + x, from, half + x, from);
    for (int y = 0; y < to; ++y)
        transform(half + y * from, 1, out + y * to, 1);
}

/// Between the planes of two points lie 64 bytes more than needed: at a power of two apart, all of a tile's points
/// would fall into one set of the cache.
std::int64_t planeSize(std::int64_t rows, std::int64_t channels)
{
    return rows * channels + kPanel;
}

/// Offset of a tile's channel in a plane [C/16, rows, 16].
std::int64_t placeIn(std::int64_t rows, std::int64_t row, std::int64_t channel)
{
    return (channel / kPanel * rows + row) * kPanel + channel % kPanel;
}

/// Where a tile's outputs begin.
struct Corner {
    std::int64_t image, y, x;
};

Corner cornerOf(const Plan& plan, std::int64_t tile)
{
    const std::int64_t inImage = tile % (plan.down * plan.across);
    return {tile / (plan.down * plan.across), inImage / plan.across * plan.side, inImage % plan.across * plan.side};
}

/// Squares of `size`² pixels of the maps, `before` pixels up and left of the tiles' corners, transformed into planes.
/// Outside the maps is 0; rows from `count` on are 0.
template <int size, int points, OneDimension transform, typename Element>
void takeSquares(const Plan& plan, const Element* maps, std::int64_t channels, int before, std::int64_t first,
                 std::int64_t count, std::int64_t rows, float* planes)
{
    static constexpr Element nothing[kLanes] = {};
    const std::int64_t plane = planeSize(rows, channels);
    for (std::int64_t row = 0; row < rows; ++row) {
        const Element* pixels[size * size] = {};
        if (row < count) {
            const Corner corner = cornerOf(plan, first + row);
            for (int i = 0; i < size * size; ++i) {
                const std::int64_t y = corner.y - before + i / size, x = corner.x - before + i % size;
                if (y >= 0 && x >= 0 && y < plan.height && x < plan.width)
                    pixels[i] = maps + ((corner.image * plan.height + y) * plan.width + x) * channels;
            }
        }
        for (std::int64_t c = 0; c < channels; c += kLanes) {
            Lanes in[size * size], out[points * points];
            for (int i = 0; i < size * size; ++i)
                in[i] = load(pixels[i] != nullptr ? pixels[i] + c : nothing);
            inBothDimensions<size, points, transform>(in, out);
            float* to = planes + placeIn(rows, row, c);
            for (int p = 0; p < points * points; ++p)
                store(to + p * plane, out[p]);
        }
    }
}

template <typename Element>
Lanes finished(Lanes value, const Finish<Element>& finish, std::int64_t place, std::int64_t channel)
{
    if (finish.bias != nullptr)
        value += load(finish.bias + channel);
    if (finish.added != nullptr)
        value += load(finish.added + place);
    return finish.relu ? (value > 0.F ? value : Lanes{}) : value;
}

template <int m, typename Element>
void putTiles(const Plan& plan, const float* planes, std::int64_t first, std::int64_t count, std::int64_t rows,
              const Finish<Element>& finish, Element* maps)
{
    constexpr int points = m + 2;
    const std::int64_t channels = plan.outputs, plane = planeSize(rows, channels);
    for (std::int64_t row = 0; row < count; ++row) {
        const Corner corner = cornerOf(plan, first + row);
        const auto down = int(std::min<std::int64_t>(m, plan.height - corner.y));
        const auto across = int(std::min<std::int64_t>(m, plan.width - corner.x));
        const std::int64_t begin = ((corner.image * plan.height + corner.y) * plan.width + corner.x) * channels;
        for (std::int64_t c = 0; c < channels; c += kLanes) {
            Lanes in[points * points], out[m * m];
            const float* from = planes + placeIn(rows, row, c);
            for (int p = 0; p < points * points; ++p)
                in[p] = load(from + p * plane);
            inBothDimensions<points, m, Transform<m>::output>(in, out);
            for (int y = 0; y < down; ++y)
                for (int x = 0; x < across; ++x) {
                    const std::int64_t place = begin + (y * plan.width + x) * channels + c;
                    store(maps + place, finished(out[y * m + x], finish, place, c));
                }
        }
    }
}

/// [I/16, rows, 16] times [O/16, I, 16] → [O/16, rows, 16].
void multiply(const float* left, std::int64_t rows, std::int64_t inputs, const float* right, std::int64_t outputs,
              float* product)
{
    for (std::int64_t o = 0; o < outputs; o += kPanel)
        for (std::int64_t row = 0; row < rows; row += kRows) {
            Lanes sums[kRows][2] = {};
            const float* line = right + o * inputs;
            for (std::int64_t i = 0; i < inputs; i += kPanel) {
                const float* factors = left + i * rows + row * kPanel;
                for (int c = 0; c < kPanel; ++c, line += kPanel)
                    addLine(sums, factors + c, kPanel, line);
            }
            float* to = product + o * rows + row * kPanel;
            for (int r = 0; r < kRows; ++r) {
                store(to + r * kPanel, sums[r][0]);
                store(to + r * kPanel + kLanes, sums[r][1]);
            }
        }
}

/// Adds to [I/16, O, 16] the products of [O/16, rows, 16] and [I/16, rows, 16], summed over the rows.
void addProducts(const float* gradient, const float* maps, std::int64_t rows, std::int64_t outputs, std::int64_t inputs,
                 float* sums)
{
    for (std::int64_t i = 0; i < inputs; i += kPanel)
        for (std::int64_t o = 0; o < outputs; o += kLines) {
            float* to = sums + i * outputs + o * kPanel;
            Lanes held[kLines][2];
            for (int l = 0; l < kLines; ++l) {
                held[l][0] = load(to + l * kPanel);
                held[l][1] = load(to + l * kPanel + kLanes);
            }
            const float* factors = gradient + placeIn(rows, 0, o);
            const float* line = maps + i * rows;
            for (std::int64_t row = 0; row < rows; ++row, line += kPanel, factors += kPanel)
                addLine(held, factors, 1, line);
            for (int l = 0; l < kLines; ++l) {
                store(to + l * kPanel, held[l][0]);
                store(to + l * kPanel + kLanes, held[l][1]);
            }
        }
}

/// Transforms the kernels of these panels; tap(output, input, t) gives tap t of eight outputs from `output` on.
template <int m, typename Tap>
void packPanels(const Plan& plan, float* packed, std::int64_t first, std::int64_t end, const Tap& tap)
{
    constexpr int points = m + 2;
    const std::int64_t plane = plan.inputs * plan.outputs;
    for (std::int64_t panel = first; panel < end; ++panel)
        for (std::int64_t line = 0; line < plan.inputs; ++line)
            for (int half = 0; half < kPanel; half += kLanes) {
                Lanes taps[kTaps], out[points * points];
                for (int t = 0; t < kTaps; ++t)
                    taps[t] = tap(panel * kPanel + half, line, t);
                inBothDimensions<3, points, Transform<m>::kernel>(taps, out);
                float* to = packed + (panel * plan.inputs + line) * kPanel + half;
                for (int p = 0; p < points * points; ++p)
                    store(to + p * plane, out[p]);
            }
}

template <int m> void pack(const Plan& plan, const float* kernels, float* packed, std::int64_t first, std::int64_t end)
{
    packPanels<m>(plan, packed, first, end, [&](std::int64_t output, std::int64_t input, int t) {
        Lanes lanes;
        for (int l = 0; l < kLanes; ++l)
            lanes[l] = kernels[((output + l) * kTaps + t) * plan.inputs + input];
        return lanes;
    });
}

/// Turned by half a circle; what were outputs are the inputs of the way back.
template <int m>
void packBackwards(const Plan& plan, const float* kernels, float* packed, std::int64_t first, std::int64_t end)
{
    packPanels<m>(plan, packed, first, end, [&](std::int64_t output, std::int64_t input, int t) {
        return load(kernels + (input * kTaps + kTaps - 1 - t) * plan.outputs + output);
    });
}

template <int m, typename Element>
void convolveWith(const Plan& plan, const Element* maps, const float* packed, const Finish<Element>& finish,
                  Element* out, std::int64_t first, std::int64_t end, float* scratch)
{
    constexpr int points = (m + 2) * (m + 2);
    const std::int64_t block = plan.block();
    float* products = scratch + points * planeSize(block, plan.inputs);
    for (; first < end; first += block) {
        const std::int64_t count = std::min(block, end - first);
        const std::int64_t rows = (count + kRows - 1) / kRows * kRows;
        takeSquares<m + 2, m + 2, Transform<m>::input>(plan, maps, plan.inputs, 1, first, count, rows, scratch);
        for (int p = 0; p < points; ++p)
            multiply(scratch + p * planeSize(rows, plan.inputs), rows, plan.inputs,
                     packed + p * plan.inputs * plan.outputs, plan.outputs,
                     products + p * planeSize(rows, plan.outputs));
        putTiles<m>(plan, products, first, count, rows, finish, out);
    }
}

template <int m, typename Element>
void addGradientWith(const Plan& plan, const Element* maps, const Element* gradient, float* sums, std::int64_t first,
                     std::int64_t end, float* scratch)
{
    constexpr int points = (m + 2) * (m + 2);
    const std::int64_t block = plan.block();
    float* gradients = scratch + points * planeSize(block, plan.inputs);
    for (; first < end; first += block) {
        const std::int64_t rows = std::min(block, end - first);
        takeSquares<m + 2, m + 2, Transform<m>::input>(plan, maps, plan.inputs, 1, first, rows, rows, scratch);
        takeSquares<m, m + 2, Transform<m>::gradient>(plan, gradient, plan.outputs, 0, first, rows, rows, gradients);
        for (int p = 0; p < points; ++p)
            addProducts(gradients + p * planeSize(rows, plan.outputs), scratch + p * planeSize(rows, plan.inputs), rows,
                        plan.outputs, plan.inputs, sums + p * plan.inputs * plan.outputs);
    }
}

template <int m> void unpack(const Plan& plan, const float* sums, float* kernels, std::int64_t first, std::int64_t end)
{
    constexpr int points = m + 2;
    const std::int64_t plane = plan.inputs * plan.outputs;
    for (std::int64_t panel = first; panel < end; ++panel)
        for (std::int64_t output = 0; output < plan.outputs; ++output)
            for (int half = 0; half < kPanel; half += kLanes) {
                Lanes in[points * points], taps[kTaps];
                const float* from = sums + (panel * plan.outputs + output) * kPanel + half;
                for (int p = 0; p < points * points; ++p)
                    in[p] = load(from + p * plane);
                inBothDimensions<points, 3, Transform<m>::kernelBack>(in, taps);
                for (int t = 0; t < kTaps; ++t)
                    store(kernels + (output * kTaps + t) * plan.inputs + panel * kPanel + half, taps[t]);
            }
}

/// Calls work.operator()<m>() for the plan's m.
template <typename Do> void forSide(int side, const Do& work)
{
    if (side == 2)
        work.template operator()<2>();
    else if (side == 3)
        work.template operator()<3>();
    else
        work.template operator()<4>();
}

} // namespace

/// Enough rows that the transformed kernels, which every block reads once, cost little beside the products.
std::int64_t Plan::block() const
{
    return std::clamp<std::int64_t>(inputs * outputs / 1024 / kRows * kRows, 24, 126);
}

std::int64_t Plan::scratchSize() const
{
    return points() * (planeSize(block(), inputs) + planeSize(block(), outputs));
}

Plan planFor(std::int64_t images, std::int64_t height, std::int64_t width, std::int64_t inputs, std::int64_t outputs)
{
    Plan best;
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    for (const int m : {2, 3, 4}) {
        const Plan plan{images, height, width, inputs, outputs, m, (height + m - 1) / m, (width + m - 1) / m};
        const std::int64_t products = plan.down * plan.across * plan.points();
        if (products < fewest) {
            fewest = products;
            best = plan;
        }
    }
    return best;
}

bool pays(const Plan& plan)
{
    return 2 * plan.down * plan.across * plan.points() <= kTaps * plan.height * plan.width;
}

void packKernels(const Plan& plan, const float* kernels, float* packed, std::int64_t first, std::int64_t end)
{
    forSide(plan.side, [&]<int m>() { pack<m>(plan, kernels, packed, first, end); });
}

void packKernelsBackwards(const Plan& plan, const float* kernels, float* packed, std::int64_t first, std::int64_t end)
{
    forSide(plan.side, [&]<int m>() { packBackwards<m>(plan, kernels, packed, first, end); });
}

template <typename Element>
void convolve(const Plan& plan, const Element* maps, const float* packed, const Finish<Element>& finish, Element* out,
              std::int64_t first, std::int64_t end, float* scratch)
{
    forSide(plan.side, [&]<int m>() { convolveWith<m>(plan, maps, packed, finish, out, first, end, scratch); });
}

template <typename Element>
void addKernelGradient(const Plan& plan, const Element* maps, const Element* gradient, float* sums, std::int64_t first,
                       std::int64_t end, float* scratch)
{
    forSide(plan.side, [&]<int m>() { addGradientWith<m>(plan, maps, gradient, sums, first, end, scratch); });
}

void unpackKernelGradient(const Plan& plan, const float* sums, float* kernels, std::int64_t first, std::int64_t end)
{
    forSide(plan.side, [&]<int m>() { unpack<m>(plan, sums, kernels, first, end); });
}

template void convolve(const Plan&, const float*, const float*, const Finish<float>&, float*, std::int64_t,
                       std::int64_t, float*);
template void convolve(const Plan&, const std::uint16_t*, const float*, const Finish<std::uint16_t>&, std::uint16_t*,
                       std::int64_t, std::int64_t, float*);
template void addKernelGradient(const Plan&, const float*, const float*, float*, std::int64_t, std::int64_t, float*);
template void addKernelGradient(const Plan&, const std::uint16_t*, const std::uint16_t*, float*, std::int64_t,
                                std::int64_t, float*);

} // namespace foveate::learn::winograd
