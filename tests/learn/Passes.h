// SPDX-License-Identifier: GPL-3.0-or-later
// One pass through a layer and back, to compare with the same in double.
#pragma once

#include <torch/torch.h>

namespace foveate::learn {

/// The largest difference over the largest value of `b`.
inline double relativeDifference(const at::Tensor& a, const at::Tensor& b)
{
    const at::Tensor exact = b.to(at::kDouble);
    return ((a.to(at::kDouble) - exact).abs().max() / exact.abs().max()).item<double>();
}

inline at::Tensor mapsOf(int images, int channels, int height, int width)
{
    return torch::randn({images, channels, height, width}).contiguous(at::MemoryFormat::ChannelsLast);
}

struct Pass {
    at::Tensor output, ofInput, ofWeight, ofBias;
};

/// Forward, and backward from a fixed weighting of the outputs. `withInput`: the gradient of the maps too.
template <typename Module, typename Forward>
Pass passOf(Module& layer, const at::Tensor& maps, const at::Tensor& weighting, const Forward& forward,
            bool withInput = true)
{
    layer->zero_grad();
    const at::Tensor input = maps.detach().requires_grad_(withInput);
    const at::Tensor output = forward(input);
    (output.to(weighting.scalar_type()) * weighting).sum().backward();
    return {output.detach(), withInput ? input.grad().clone() : at::Tensor(), layer->weight.grad().clone(),
            layer->bias.defined() ? layer->bias.grad().clone() : at::Tensor()};
}

/// The same module in double.
template <typename Module> Module inDouble(const Module& layer)
{
    Module copy(std::dynamic_pointer_cast<typename Module::ContainedType>(layer->clone()));
    copy->to(at::kDouble);
    return copy;
}

/// The pass in double; forward(layer, maps) computes it.
template <typename Module, typename Forward>
Pass exactPass(const Module& layer, const at::Tensor& maps, const at::Tensor& weighting, const Forward& forward,
               bool withInput = true)
{
    Module exact = inDouble(layer);
    return passOf(
        exact, maps.to(at::kDouble), weighting.to(at::kDouble), [&](const at::Tensor& x) { return forward(exact, x); },
        withInput);
}

} // namespace foveate::learn
