// SPDX-License-Identifier: GPL-3.0-or-later
// What the fast layers ask of a convolution and of its maps, and how they share work out to threads.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <cstdint>
#include <torch/nn/modules/conv.h>

namespace foveate::learn {

/// Whether the layer's window is `side`×`side`, moved by `stride` over maps with a border of `padding` zeros, every
/// output seeing every input.
inline bool hasWindow(const torch::nn::Conv2dImpl& layer, std::int64_t side, std::int64_t stride, std::int64_t padding)
{
    const auto both = [](const torch::ExpandingArray<2>& values, std::int64_t value) {
        return (*values)[0] == value && (*values)[1] == value;
    };
    const auto& options = layer.options;
    const auto* const border = std::get_if<torch::ExpandingArray<2>>(&options.padding());
    return both(options.kernel_size(), side) && both(options.stride(), stride) && both(options.dilation(), 1) &&
           border != nullptr && both(*border, padding) && options.groups() == 1;
}

/// Calls work(part, first, end) with each thread's share of `count`, in parts of whole `unit`s: as many parts as there
/// are threads, whatever they run on.
template <typename Work> void share(std::int64_t count, std::int64_t unit, const Work& work)
{
    const std::int64_t parts = at::get_num_threads();
    const std::int64_t units = (count + unit - 1) / unit;
    at::parallel_for(0, parts, 1, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t part = from; part < to; ++part)
            work(part, std::min(count, units * part / parts * unit),
                 std::min(count, units * (part + 1) / parts * unit));
    });
}

/// Calls work(Element()) with float or, for bfloat16, std::uint16_t.
template <typename Work> void forElement(const at::Tensor& maps, const Work& work)
{
    if (maps.scalar_type() == at::kBFloat16)
        work(std::uint16_t());
    else
        work(float());
}

/// The maps' memory.
template <typename Element> const Element* elementsOf(const at::Tensor& maps)
{
    return maps.defined() ? static_cast<const Element*>(maps.const_data_ptr()) : nullptr;
}
template <typename Element> Element* writableOf(const at::Tensor& maps)
{
    return static_cast<Element*>(maps.mutable_data_ptr());
}

} // namespace foveate::learn
