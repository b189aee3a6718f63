// SPDX-License-Identifier: GPL-3.0-or-later
// Batch norm in training and the ReLU behind it in one pass each: 8 reads and writes of the maps where the library's
// two layers take 14, forwards and backwards together.
//
// Values are the library's up to rounding; means and variances are merged in double from blocks of rows (Chan, Golub &
// LeVeque 1979), in an order that the number of threads fixes. CPU only.
#pragma once

#include <ATen/ATen.h>
#include <torch/nn/modules/batchnorm.h>

namespace foveate::learn {

/// Whether normRelu() can take `maps`: float32 or bfloat16, channels by 16, more than one value a channel.
bool suitsNormRelu(const torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps);

/// norm.forward(maps).relu() with a gradient; the running statistics move on as there. REQUIRES: suitsNormRelu(), and
/// `norm` in training.
at::Tensor normRelu(torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps);

} // namespace foveate::learn
