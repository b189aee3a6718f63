// SPDX-License-Identifier: GPL-3.0-or-later
// Batch norm in training and what stands behind it, the sum with a shortcut and the ReLU, in one pass each: at the end
// of a residual block 12 reads and writes of the maps where the library's layers take 17, forwards and backwards.
//
// Values are the library's up to rounding; means and variances are merged in double from blocks of rows (Chan, Golub &
// LeVeque 1979), in an order that the number of threads fixes. Over several ranks they are those of all their images,
// as in ranks/SyncNorm.h. CPU only.
#pragma once

#include "learn/ranks/Group.h"

#include <ATen/ATen.h>
#include <torch/nn/modules/batchnorm.h>

namespace foveate::learn {

/// Whether fastNorm() can take `maps`: float32 or bfloat16, channels by 16, more than one value a channel.
bool suitsFastNorm(const torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps);

struct BehindNorm {
    at::Tensor added{}; ///< as the maps; undefined: nothing is added
    bool relu = false;
};

/// norm.forward(maps), plus `added`, then ReLU where asked, with a gradient; the running statistics move on as there.
/// `group` (may be null): the ranks whose images are averaged over; a gradient is wanted while it lives. REQUIRES:
/// suitsFastNorm(), `norm` in training, `added` of the maps' type and shape.
at::Tensor fastNorm(torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps, const BehindNorm& behind = {},
                    const Group* group = nullptr);

} // namespace foveate::learn
