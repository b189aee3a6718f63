// SPDX-License-Identifier: GPL-3.0-or-later
// Monte-Carlo dropout before the head (Gal 2016): many passes for the price of one, since only the head differs.
#pragma once

#include <ATen/ATen.h>
#include <cstdint>
#include <torch/nn/modules/linear.h>

namespace foveate::learn {

/// Probabilities [T,N,C] of T passes: in pass t the features [N,D] where masks[t] is true are dropped, the others
/// divided by 1 − share. `multi`: LabelLoss.h. masks is bool [T,N,D]; features float32.
at::Tensor dropoutPasses(const at::Tensor& features, const torch::nn::Linear& head, const at::Tensor& masks,
                         double share, bool multi = false);

/// The mask [N,D] of one pass, each value true with probability `share`, by seed and pass alone.
at::Tensor dropoutMask(std::int64_t images, std::int64_t dimension, double share, std::uint64_t seed, int pass);

} // namespace foveate::learn
