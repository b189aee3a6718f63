// SPDX-License-Identifier: GPL-3.0-or-later
// Convolution with batch norm, as ResNets and the small network use it: the pair trains apart and scores as one.
#pragma once

#include <ATen/ATen.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

namespace foveate::learn {

/// A convolution without bias.
torch::nn::Conv2d convolution(int inputs, int outputs, int kernel, int stride = 1);

/// Images as networks take them: one channel is repeated to three. (Kernels summed over their inputs would give the
/// same with a third of the products, but the library's convolution of a single channel takes twice as long.)
at::Tensor threeChannels(const at::Tensor& images);

/// What follows a folded convolution.
enum class After { nothing, relu };

/// A convolution and the batch norm behind it as one convolution with bias, float32; evaluation only.
class Folded {
public:
    Folded() = default;
    Folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm);
    at::Tensor operator()(const at::Tensor& input, After after) const;
    /// relu(convolution + residual), in place of the residual where the library can.
    at::Tensor addTo(at::Tensor residual, const at::Tensor& input) const;

private:
    at::Tensor m_weight;
    at::Tensor m_bias;
    std::vector<std::int64_t> m_stride;
    std::vector<std::int64_t> m_padding;
};

} // namespace foveate::learn
