// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/SmallMaps.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace foveate::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kLargestSide = 4;
constexpr std::int64_t kFewestOutputs = 512;
constexpr std::int64_t kKernel = 3;

/// The outputs, first to last, for which a tap of the kernel lies inside the input.
struct Reach {
    std::int64_t first, last;
};

Reach reachOf(std::int64_t tap, std::int64_t inputs, std::int64_t outputs, std::int64_t stride)
{
    return {tap == 0 ? 1 : 0, std::min(outputs - 1, (inputs - tap) / stride)};
}

at::Tensor taken(const at::Tensor& maps, int dimension, std::int64_t first, std::int64_t last, std::int64_t step)
{
    return maps.slice(dimension, first, last + 1, step);
}

/// [O,I,3,3] channels-last: for each tap the product of all outputs' gradients and the inputs that it met.
at::Tensor weightGradient(const at::Tensor& gradient, const at::Tensor& input, std::int64_t stride)
{
    const at::Tensor g = gradient.permute({0, 2, 3, 1});
    const at::Tensor x = input.permute({0, 2, 3, 1});
    const std::int64_t outputs = g.size(3), inputs = x.size(3);
    at::Tensor result = at::empty({outputs, kKernel, kKernel, inputs}, gradient.options());
    for (std::int64_t ky = 0; ky < kKernel; ++ky) {
        const Reach y = reachOf(ky, x.size(1), g.size(1), stride);
        const at::Tensor gRows = taken(g, 1, y.first, y.last, 1);
        const at::Tensor xRows = taken(x, 1, stride * y.first + ky - 1, stride * y.last + ky - 1, stride);
        for (std::int64_t kx = 0; kx < kKernel; ++kx) {
            const Reach c = reachOf(kx, x.size(2), g.size(2), stride);
            const at::Tensor left = taken(gRows, 2, c.first, c.last, 1).reshape({-1, outputs});
            const at::Tensor right =
                taken(xRows, 2, stride * c.first + kx - 1, stride * c.last + kx - 1, stride).reshape({-1, inputs});
            result.select(1, ky).select(1, kx).copy_(left.t().matmul(right));
        }
    }
    return result.permute({0, 3, 1, 2});
}

class SmallMapConvolution : public torch::autograd::Function<SmallMapConvolution> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight,
                              std::int64_t stride)
    {
        context->save_for_backward({input, weight});
        context->saved_data["stride"] = stride;
        return at::conv2d(input, weight, {}, stride, 1);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const variable_list saved = context->get_saved_variables();
        const std::int64_t stride = context->saved_data["stride"].toInt();
        const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        at::Tensor ofInput;
        if (context->needs_input_grad(0))
            ofInput = std::get<0>(at::convolution_backward(gradient, saved[0], saved[1], {}, {stride, stride}, {1, 1},
                                                           {1, 1}, false, {0, 0}, 1, {true, false, false}));
        return {ofInput, weightGradient(gradient, saved[0], stride), at::Tensor()};
    }
};

std::int64_t strideOf(const torch::nn::Conv2dImpl& layer)
{
    return (*layer.options.stride())[0];
}

} // namespace

bool makesSmallMaps(const torch::nn::Conv2dImpl& layer, const at::Tensor& input)
{
    const at::Tensor& weight = layer.weight;
    const auto* const padding = std::get_if<torch::ExpandingArray<2>>(&layer.options.padding());
    const auto small = [&](std::int64_t side) { return (side - 1) / strideOf(layer) + 1 <= kLargestSide; };
    return weight.requires_grad() && weight.size(2) == kKernel && weight.size(3) == kKernel && !layer.bias.defined() &&
           weight.size(0) >= kFewestOutputs && layer.options.groups() == 1 && padding != nullptr &&
           (**padding)[0] == 1 && (*layer.options.dilation())[0] == 1 && small(input.size(2)) && small(input.size(3)) &&
           input.size(2) > 1 && input.size(3) > 1;
}

at::Tensor convolveToSmallMaps(const torch::nn::Conv2dImpl& layer, const at::Tensor& input)
{
    if (!at::autocast::is_autocast_enabled(at::kCPU))
        return SmallMapConvolution::apply(input, layer.weight, strideOf(layer));
    const at::ScalarType dtype = at::autocast::get_autocast_dtype(at::kCPU);
    return SmallMapConvolution::apply(at::autocast::cached_cast(dtype, input, at::kCPU),
                                      at::autocast::cached_cast(dtype, layer.weight, at::kCPU), strideOf(layer));
}

} // namespace foveate::learn
