// SPDX-License-Identifier: GPL-3.0-or-later
// LinearProxy: P2's small classifier on frozen features, trained from scratch each round (methods.md §4.11).
//
// One linear layer, binary cross-entropy on a single logit for two classes, else softmax; Adam 1e-3, 40 epochs, batches
// of 128 in a seeded order, weights from U(±1/√D). float64. Same seed: same numbers.
#pragma once

#include "base/Result.h"
#include "embed/Points.h"

#include <cstdint>
#include <span>
#include <vector>

namespace foveate::query {

struct ProxyOptions {
    int epochs = 40;
    int batch = 128;
    double learningRate = 1e-3;
    std::uint64_t seed = 1;
};

/// [N,classes] probabilities of `asked` after training on `known`. needsLabels without a labelled row; needsClasses for
/// fewer than two classes. REQUIRES: finite values, labels in [0, classes), the same dimensions.
Result<std::vector<float>> proxyProbabilities(embed::Points known, std::span<const int> labels, int classes,
                                              embed::Points asked, const ProxyOptions& options);

} // namespace foveate::query
