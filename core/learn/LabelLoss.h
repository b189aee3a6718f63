// SPDX-License-Identifier: GPL-3.0-or-later
// LabelLoss: what a head's logits [N,C] are held against: one class an image (softmax and cross-entropy), or in a
// multi-label study each class for itself (sigmoid and binary cross-entropy, the mean over the classes).
//
// Labels are base/Labels.h's numbers. Pure functions on any device; the result lies where the logits do.
#pragma once

#include "learn/TrainSet.h"

#include <ATen/ATen.h>
#include <cstdint>
#include <vector>

namespace foveate::learn {

/// Of the last dimension: softmax, or sigmoids.
at::Tensor probabilitiesOf(const at::Tensor& logits, bool multi);

/// Loss of each image [N], float32. REQUIRES: logits float32 [N,C], N labels.
at::Tensor lossPerImage(const at::Tensor& logits, const std::vector<std::int64_t>& labels, bool multi,
                        const ClassWeights& weights = {});

/// Which images are right, bool [N]: the largest logit is the class's; or every class is on its side of ½.
at::Tensor rightImages(const at::Tensor& logits, const std::vector<std::int64_t>& labels, bool multi);

} // namespace foveate::learn
