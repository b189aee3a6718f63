// SPDX-License-Identifier: GPL-3.0-or-later
// TrainedNetwork: finished weights made ready to be asked: network, what it knows of itself, the pack at its size.
#pragma once

#include "learn/ModelInfo.h"
#include "learn/Network.h"
#include "learn/PackBatches.h"
#include "learn/RunJob.h"

#include <cstdint>
#include <vector>

namespace foveate::learn {

struct TrainedNetwork {
    ModelInfo info;
    Network network;
    PackBatches batches;
    std::vector<std::int64_t> rows; ///< of all samples, in the snapshot's order
};

/// The network that weights.safetensors describes, in evaluation mode. badInput, wrongShape or nonFinite when it does
/// not fit what it says.
Result<Network> networkOf(const Weights& weights, const ModelInfo& info);

/// The parent of a run. needsTraining (args: verb) without one, or without a head when one is needed; wrongShape when
/// the classes differ from the snapshot's in number or order, or the pack has other channels.
Result<TrainedNetwork> openTrainedNetwork(const RunContext& context, bool needsHead);

} // namespace foveate::learn
