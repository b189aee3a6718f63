// SPDX-License-Identifier: GPL-3.0-or-later
// U-Net of P4 §V.F: an image to a mask.
//
// Three contracting blocks of three 3×3 convolutions (64 filters, each with ReLU, then batch norm), each followed by
// 2×2 max pooling; three expanding steps of a 2×2 transposed convolution, the maps of the same size beside it, and two
// 3×3 convolutions with ReLU and batch norm; a 1×1 convolution. Names: down1.conv1, down1.norm1 … up1.deconvolution …
// output.
#pragma once

#include "learn/nets/Graph.h"

#include <cstdint>
#include <memory>

namespace foveate::learn {

/// Images [N,1|3,S,S] → logits [N,1,S,S]. S is a multiple of 8. First weights (He, by inputs) depend on the seed alone.
std::shared_ptr<Graph> makeUNet(std::uint64_t seed);

/// Binary cross-entropy, mean over pixels, plus 1 − soft Dice, mean over images: (2 Σ p·m + 1) / (Σ p + Σ m + 1), p the
/// sigmoid of the logits. masks float32 in {0, 1}. Differentiable in the logits.
at::Tensor maskLoss(const at::Tensor& logits, const at::Tensor& masks);

} // namespace foveate::learn
