// SPDX-License-Identifier: GPL-3.0-or-later
// A network's first convolution, 7×7 with stride 2 and padding 3, on images of one or three channels.
//
// LibTorch's own kernels want inputs by eights and take most of their time for the channels that are not there. Grey
// images stay one channel: the kernels are summed over their inputs, a third of the products. Values are the library's
// up to rounding; an image's result depends on no other, the gradient on the number of threads. CPU only, and no
// gradient of the images.
#pragma once

#include <ATen/ATen.h>
#include <torch/nn/modules/conv.h>

namespace foveate::learn {

/// Whether convolveStem() can compute `layer` on `images`: 7×7, stride 2, padding 3, three inputs, no bias, outputs by
/// 16; float32 images that nobody asks the gradient of.
bool suitsStem(const torch::nn::Conv2dImpl& layer, const at::Tensor& images);

/// As the layer's forward(), under autocast bfloat16 out, with a gradient of the kernels. images float32 [N,1|3,H,W].
at::Tensor convolveStem(const torch::nn::Conv2dImpl& layer, const at::Tensor& images);

} // namespace foveate::learn
