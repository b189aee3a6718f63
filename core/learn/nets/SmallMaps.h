// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions on maps of a few pixels, with the gradient of their weights as nine matrix products.
//
// Late layers of a ResNet see maps of 3×3 or 4×4 when images are small. There most products of the library's gradient
// of a 3×3 kernel fall on padding, and it sums copies of weights that are larger than the maps: 41 ms against 19 ms for
// [266,512,3,3] in bfloat16 on two cores. Values are the library's up to rounding.
#pragma once

#include <ATen/ATen.h>
#include <torch/nn/modules/conv.h>

namespace foveate::learn {

/// Whether `layer` is a 3×3 convolution with padding 1, no bias and at least 512 outputs that makes maps of at most
/// 4×4 of `input`.
bool makesSmallMaps(const torch::nn::Conv2dImpl& layer, const at::Tensor& input);

/// As the layer's forward(), autocast included. REQUIRES: makesSmallMaps().
at::Tensor convolveToSmallMaps(const torch::nn::Conv2dImpl& layer, const at::Tensor& input);

} // namespace foveate::learn
