// SPDX-License-Identifier: GPL-3.0-or-later
// SyncNorm: batch norm in training over the images of all ranks.
//
// Each rank's mean and squared deviations are combined in double (Chan, Golub, LeVeque 1979), so the result is that of
// one process with the whole batch, up to rounding. Gradients with respect to weight and bias are this rank's part;
// GradientMean brings them together. One exchange forwards, one backwards.
#pragma once

#include "learn/ranks/Group.h"

#include <cstddef>
#include <torch/nn/modules/batchnorm.h>

namespace foveate::learn {

/// What a batch norm layer works with; its tensors, shared.
struct NormParts {
    at::Tensor weight, bias, runningMean, runningVariance, counter;
    double momentum = .1, epsilon = 1e-5;
};

/// How each channel's values are distributed: [C] double; `squares`: deviations from the mean, squared and summed.
struct NormMoments {
    double count = 0;
    at::Tensor mean, squares;
};
/// Of all ranks' values, from this one's. Collective.
NormMoments ofAllRanks(const NormMoments& own, const Group& group);
/// The running statistics one step further: the variance divided by count − 1, and the counter.
void moveOn(const NormParts& norm, const NormMoments& seen);

/// x [N,C] or [N,C,H,W], float32 or bfloat16; updates the running statistics. REQUIRES: a gradient is wanted while the
/// group lives.
at::Tensor syncNorm(const NormParts& norm, const at::Tensor& x, const Group& group);

template <std::size_t D, typename Derived> NormParts partsOf(const torch::nn::BatchNormImplBase<D, Derived>& norm)
{
    return {norm.weight,
            norm.bias,
            norm.running_mean,
            norm.running_var,
            norm.num_batches_tracked,
            norm.options.momentum().value_or(.1),
            norm.options.eps()};
}

} // namespace foveate::learn
