// SPDX-License-Identifier: GPL-3.0-or-later
// Who is ranked, who is labelled, and which numbers of them are at hand.
#pragma once

#include "base/Npy.h"
#include "base/RunFolder.h"
#include "query/Strategy.h"

#include <cstdint>
#include <string>
#include <vector>

namespace foveate::engine {

/// What the snapshot's options say.
struct SelectOptions {
    std::string strategy;
    std::vector<query::Part> parts;
    std::optional<bool> prefilter; ///< nothing: by the size of the pool
    query::Options query;
    query::Needs needs = query::kNeedsNothing;
    /// A measure of maps (or of images) is needed by some part.
    bool measures(bool ofImages) const;
    bool needsHead() const;
};
Result<SelectOptions> selectOptions(const nlohmann::json& json);
nlohmann::json toJson(const SelectOptions& options);

/// Samples by their place in the snapshot: the pool in order of id, the labelled ones that train, those of validation.
struct SelectSamples {
    std::vector<std::size_t> pool, labelled, validation;
};
SelectSamples selectSamples(const Snapshot& snapshot);

/// Numbers that the ranking run computed before, beside the snapshot in input/; empty arrays when there are none.
struct KnownNumbers {
    std::vector<std::int64_t> rows; ///< of the pack
    Array<float> probabilities, features;
};
Result<KnownNumbers> knownNumbers(const std::string& runFolder);

} // namespace foveate::engine
