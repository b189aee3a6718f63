// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Patches.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cstring>

namespace foveate::explain {
namespace {

constexpr std::size_t kChunk = 64; ///< rectangles at once: enough for the last layers, little enough for the cache

struct Interval {
    int from = 0, to = 0; ///< both inside
};

Interval joined(Interval a, Interval b)
{
    return {std::min(a.from, b.from), std::max(a.to, b.to)};
}

int floorDivide(int a, int b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// Places of a layer's output that look at some place of `input`, within [0, size).
Interval reached(Interval input, const Layer& layer, int size)
{
    const int from = floorDivide(input.from + layer.padding - layer.kernel + layer.stride, layer.stride);
    const int to = std::clamp(floorDivide(input.to + layer.padding, layer.stride), 0, size - 1);
    return {std::clamp(from, 0, to), to}; // where nobody looks, one place too many
}

/// Where a layer's output may differ, for every version; and the values there, in patches of one size.
struct Changed {
    std::vector<Interval> rows, columns; ///< [n]
    std::vector<int> y, x;               ///< [n]; the patch's corner
    int height = 0, width = 0;           ///< of the patches
    at::Tensor values;                   ///< [n,C,height,width], channels last

    std::size_t count() const { return rows.size(); }
    bool whole(const at::Tensor& base) const { return height == base.size(2) && width == base.size(3); }
};

/// One size that holds every interval, and a corner for each so that the patch stays inside.
int place(const std::vector<Interval>& intervals, int size, std::vector<int>& corners)
{
    int longest = 0;
    for (const Interval& interval : intervals)
        longest = std::max(longest, interval.to - interval.from + 1);
    for (const Interval& interval : intervals)
        corners.push_back(std::min(interval.from, size - longest));
    return longest;
}

void placePatches(Changed& changed, const at::Tensor& base)
{
    changed.height = place(changed.rows, int(base.size(2)), changed.y);
    changed.width = place(changed.columns, int(base.size(3)), changed.x);
}

/// Copies the part of `from` (a channels-last image whose corner is at fromY, fromX) that lies inside the window `to`
/// (likewise) into it.
void overlay(float* to, int toY, int toX, int toHeight, int toWidth, const float* from, int fromY, int fromX,
             int fromHeight, int fromWidth, int channels)
{
    const int top = std::max(toY, fromY), bottom = std::min(toY + toHeight, fromY + fromHeight);
    const int left = std::max(toX, fromX), right = std::min(toX + toWidth, fromX + fromWidth);
    if (left >= right)
        return;
    for (int y = top; y < bottom; ++y)
        std::memcpy(to +
                        (std::size_t(y - toY) * std::size_t(toWidth) + std::size_t(left - toX)) * std::size_t(channels),
                    from + (std::size_t(y - fromY) * std::size_t(fromWidth) + std::size_t(left - fromX)) *
                               std::size_t(channels),
                    std::size_t(right - left) * std::size_t(channels) * sizeof(float));
}

/// Windows of height × width at (y, x) of each version of a layer's output: the unchanged image's values (0 beyond its
/// border) with the version's patch laid over them.
at::Tensor windows(const at::Tensor& base, const Changed& changed, const std::vector<int>& y, const std::vector<int>& x,
                   int height, int width)
{
    const int channels = int(base.size(1));
    const at::Tensor plain = base.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor patches = changed.values.contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor made = at::empty({std::int64_t(y.size()), channels, height, width}, at::TensorOptions(at::kFloat),
                                at::MemoryFormat::ChannelsLast)
                          .zero_();
    float* out = made.mutable_data_ptr<float>();
    const float* in = plain.const_data_ptr<float>();
    const float* patch = patches.const_data_ptr<float>();
    at::parallel_for(0, std::int64_t(y.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::size_t k = std::size_t(begin); k < std::size_t(end); ++k) {
            float* to = out + k * std::size_t(height) * std::size_t(width) * std::size_t(channels);
            overlay(to, y[k], x[k], height, width, in, 0, 0, int(base.size(2)), int(base.size(3)), channels);
            overlay(to, y[k], x[k], height, width,
                    patch + k * std::size_t(changed.height) * std::size_t(changed.width) * std::size_t(channels),
                    changed.y[k], changed.x[k], changed.height, changed.width, channels);
        }
    });
    return made;
}

std::vector<int> inputCorners(const std::vector<int>& corners, const Layer& layer)
{
    std::vector<int> made;
    for (const int corner : corners)
        made.push_back(corner * layer.stride - layer.padding);
    return made;
}

bool looksAround(const Layer& layer)
{
    return layer.kind == LayerKind::convolution || layer.kind == LayerKind::maxPool ||
           layer.kind == LayerKind::averagePool;
}

/// A convolution or pool, only where its input may have changed. Its padding is in the windows already.
Changed around(Layer layer, const Changed& input, const at::Tensor& inputBase, const at::Tensor& base)
{
    Changed made;
    for (std::size_t k = 0; k < input.count(); ++k) {
        made.rows.push_back(reached(input.rows[k], layer, int(base.size(2))));
        made.columns.push_back(reached(input.columns[k], layer, int(base.size(3))));
    }
    placePatches(made, base);
    if (input.whole(inputBase) && made.whole(base)) {
        made.values = evaluate(layer, {input.values});
        return made;
    }
    const at::Tensor seen =
        windows(inputBase, input, inputCorners(made.y, layer), inputCorners(made.x, layer),
                (made.height - 1) * layer.stride + layer.kernel, (made.width - 1) * layer.stride + layer.kernel);
    layer.padding = 0;
    made.values = evaluate(layer, {seen});
    return made;
}

/// A sum, concatenation or norm: place by place.
Changed placewise(const Layer& layer, const std::vector<const Changed*>& inputs,
                  const std::vector<at::Tensor>& inputBases, const at::Tensor& base)
{
    Changed made;
    made.rows = inputs[0]->rows;
    made.columns = inputs[0]->columns;
    for (std::size_t i = 1; i < inputs.size(); ++i) {
        for (std::size_t k = 0; k < made.count(); ++k) {
            made.rows[k] = joined(made.rows[k], inputs[i]->rows[k]);
            made.columns[k] = joined(made.columns[k], inputs[i]->columns[k]);
        }
    }
    placePatches(made, base);
    std::vector<at::Tensor> values;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const Changed& input = *inputs[i];
        const bool same =
            input.y == made.y && input.x == made.x && input.height == made.height && input.width == made.width;
        values.push_back(same ? input.values : windows(inputBases[i], input, made.y, made.x, made.height, made.width));
    }
    made.values = evaluate(layer, values);
    return made;
}

/// A layer that looks at everything (pools to a grid, dense layers): [n,…] in whole.
at::Tensor everywhere(const Layer& layer, const Changed& input, const at::Tensor& inputBase)
{
    if (inputBase.dim() != 4 || input.whole(inputBase))
        return evaluate(layer, {input.values});
    const std::vector<int> zero(input.count(), 0);
    return evaluate(layer, {windows(inputBase, input, zero, zero, int(inputBase.size(2)), int(inputBase.size(3)))});
}

Changed wholeOf(const at::Tensor& values, std::size_t count)
{
    Changed made;
    made.values = values;
    const int height = values.dim() == 4 ? int(values.size(2)) : 1;
    const int width = values.dim() == 4 ? int(values.size(3)) : 1;
    made.rows.assign(count, {0, height - 1});
    made.columns.assign(count, {0, width - 1});
    made.y.assign(count, 0);
    made.x.assign(count, 0);
    made.height = height;
    made.width = width;
    return made;
}

Changed filled(std::span<const Rectangle> rectangles, const at::Tensor& fill, const at::Tensor& image)
{
    Changed made;
    for (const Rectangle& r : rectangles) {
        made.rows.push_back({r.y, r.y + r.height - 1});
        made.columns.push_back({r.x, r.x + r.width - 1});
    }
    placePatches(made, image);
    // A patch may be larger than its rectangle: around it stands the image.
    Changed nothing = made;
    nothing.height = nothing.width = 0;
    nothing.values = at::empty({std::int64_t(made.count()), image.size(1), 0, 0}, at::kFloat);
    made.values = windows(image, nothing, made.y, made.x, made.height, made.width);
    for (std::size_t k = 0; k < made.count(); ++k) {
        const Rectangle& r = rectangles[k];
        made.values[std::int64_t(k)]
            .narrow(1, r.y - made.y[k], r.height)
            .narrow(2, r.x - made.x[k], r.width)
            .copy_(fill.view({-1, 1, 1}).expand({-1, r.height, r.width}));
    }
    return made;
}

} // namespace

Patches::Patches(const Layers& layers, const at::Tensor& image)
    : m_layers(layers), m_image(image), m_outputs(outputs(layers, image))
{}

at::Tensor Patches::chunk(std::span<const Rectangle> rectangles, const at::Tensor& fill) const
{
    const Changed start = filled(rectangles, fill, m_image);
    std::vector<Changed> made(m_outputs.size());
    for (std::size_t i = 0; i < m_outputs.size(); ++i) {
        const Layer& layer = m_layers.list[i];
        std::vector<const Changed*> inputs;
        std::vector<at::Tensor> bases;
        for (const int input : layer.inputs) {
            inputs.push_back(input == kImage ? &start : &made[std::size_t(input)]);
            bases.push_back(input == kImage ? m_image : m_outputs[std::size_t(input)]);
        }
        if (looksAround(layer))
            made[i] = around(layer, *inputs[0], bases[0], m_outputs[i]);
        else if (layer.kind == LayerKind::adaptivePool || layer.kind == LayerKind::linear)
            made[i] = wholeOf(everywhere(layer, *inputs[0], bases[0]), rectangles.size());
        else
            made[i] = placewise(layer, inputs, bases, m_outputs[i]);
    }
    return made.back().values;
}

at::Tensor Patches::logitsWith(std::span<const Rectangle> rectangles, const at::Tensor& fill) const
{
    std::vector<at::Tensor> parts;
    for (std::size_t begin = 0; begin < rectangles.size(); begin += kChunk)
        parts.push_back(chunk(rectangles.subspan(begin, std::min(kChunk, rectangles.size() - begin)), fill));
    return at::cat(parts);
}

} // namespace foveate::explain
