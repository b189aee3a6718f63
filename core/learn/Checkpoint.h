// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints: folders checkpoints/NNNNNN/ with weights.safetensors, optimiser.safetensors, state.json and
// MANIFEST.json.
//
// A checkpoint is built under a temporary name, flushed and renamed, so it is whole or absent; the newest whole one
// loads, broken ones are passed over. The last three are kept, and an old one goes only after the new one has been
// verified by its manifest. Same state, same bytes.
#pragma once

#include "base/Result.h"
#include "learn/Safetensors.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace foveate::learn {

struct Checkpoint {
    std::int64_t step = 0; ///< the folder's number
    TensorMap weights;     ///< network and what is trained with it
    TensorMap optimiser;   ///< moments; may be empty
    nlohmann::json state;  ///< counters, best values, sizes: what the job needs to go on
};

/// Whether every weight is. REQUIRES: they lie in the processor's memory.
bool isFinite(const Checkpoint& checkpoint);

/// noSpace or io on failure; the older checkpoints are then untouched. nonFinite: weights that are not finite are never
/// saved.
Status writeCheckpoint(const std::string& runFolder, const Checkpoint& checkpoint, int keep = 3);

/// The newest whole checkpoint; nothing when there is none.
Result<std::optional<Checkpoint>> readNewestCheckpoint(const std::string& runFolder);

} // namespace foveate::learn
