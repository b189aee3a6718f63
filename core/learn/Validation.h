// SPDX-License-Identifier: GPL-3.0-or-later
// Validation: how well a network does on the labels kept aside, for early stopping.
#pragma once

#include "learn/LabelLoss.h"
#include "learn/Network.h"
#include "learn/PackBatches.h"
#include "learn/TrainSet.h"
#include "learn/ranks/Group.h"

#include <vector>

namespace foveate::learn {

struct ValidationResult {
    double loss = 0;     ///< weighted mean of LabelLoss.h's
    double accuracy = 0; ///< share of samples, not weighted
};

/// Of several ranks each takes its share, and all get the same result; `group` null: this process is alone. Leaves the
/// network in evaluation mode. REQUIRES: at least one sample. May throw LibTorch's exceptions: call it guarded.
ValidationResult validate(Network& network, const PackBatches& batches, const std::vector<TrainSample>& samples,
                          const ClassWeights& weights, const Group* group);

} // namespace foveate::learn
