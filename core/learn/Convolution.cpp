// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Convolution.h"

namespace foveate::learn {

torch::nn::Conv2d convolution(int inputs, int outputs, int kernel, int stride)
{
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).padding(kernel / 2).bias(false));
}

at::Tensor threeChannels(const at::Tensor& images)
{
    return images.size(1) == 3 ? images : images.expand({-1, 3, -1, -1}).contiguous(at::MemoryFormat::ChannelsLast);
}

Folded::Folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm)
    : m_stride(convolution->options.stride()->begin(), convolution->options.stride()->end()),
      m_padding(2, convolution->weight.size(2) / 2)
{
    torch::NoGradGuard guard;
    // In double, so that folding adds no error of its own.
    const at::Tensor scale =
        norm->weight.to(at::kDouble) / (norm->running_var.to(at::kDouble) + norm->options.eps()).sqrt();
    const at::Tensor weight = convolution->weight.to(at::kDouble) * scale.view({-1, 1, 1, 1});
    m_bias = (norm->bias.to(at::kDouble) - norm->running_mean.to(at::kDouble) * scale).to(at::kFloat);
    m_weight = weight.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor Folded::operator()(const at::Tensor& input, After after) const
{
    at::Tensor output = at::conv2d(input, m_weight, m_bias, m_stride, m_padding);
    return after == After::relu ? output.relu_() : output;
}

at::Tensor Folded::addTo(at::Tensor residual, const at::Tensor& input) const
{
    return (*this)(input, After::nothing).add_(residual).relu_();
}

} // namespace foveate::learn
