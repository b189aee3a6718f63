// SPDX-License-Identifier: GPL-3.0-or-later
// 3×3 convolutions of a network by minimal filtering (WinogradTiles.h), on all of LibTorch's threads.
//
// In float32 two to three times as fast as LibTorch's own forwards, four times for the gradient of the kernels
// (`foveate bench training_step` prints what a step gains). Values are the library's up to 2e-5 of the largest. The
// result follows from the inputs and, for the gradient of the kernels, the number of threads. CPU only.
#pragma once

#include "learn/nets/WinogradTiles.h"

#include <ATen/ATen.h>
#include <map>
#include <torch/nn/modules/conv.h>

namespace foveate::learn {

/// Whether minimal filtering can compute `layer` on `input`, float32 or bfloat16, and pays: 3×3, stride and padding 1,
/// channels by 16, maps that are not smaller than their tiles; in bfloat16 128 input channels at most.
bool suitsWinograd(const torch::nn::Conv2dImpl& layer, const at::Tensor& input);

/// As the layer's forward(), autocast included, with a gradient. REQUIRES: suitsWinograd().
at::Tensor convolveByWinograd(const torch::nn::Conv2dImpl& layer, const at::Tensor& input);

/// Kernels that change no more, transformed once for every tile size that occurs; no gradient. One thread at a time.
class WinogradKernels {
public:
    /// float32 [O,I,3,3] and [O].
    WinogradKernels(at::Tensor kernels, at::Tensor bias);
    /// Convolution and bias, plus `addTo` when it is defined (and then written there), then ReLU. float32.
    at::Tensor convolve(const at::Tensor& input, const at::Tensor& addTo, bool relu);

private:
    at::Tensor m_kernels, m_bias;
    std::map<int, at::Tensor> m_packed; ///< by tile size
};

} // namespace foveate::learn
