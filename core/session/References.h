// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of the images, and a run's probabilities beside it. For evaluation and simulation alone: it holds
// hidden truth, which no page, log or export may show.
#pragma once

#include "score/Metrics.h"
#include "session/Project.h"
#include "session/Selection.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace foveate::session {

/// Sample id → class: hidden truth, else the readers' consensus.
using References = std::unordered_map<std::string, int>;
Result<References> references(Project& project);

/// What is known of a project's images, as values that any thread may hold.
struct KnownImages {
    std::vector<store::Sample> samples;
    References references;
    LabelScheme labels;
    std::uint64_t seed = 1; ///< the project's
};
Result<KnownImages> knownImages(Project& project);

struct ReferenceRow {
    std::int64_t row = 0; ///< in the pack
    std::int64_t patient = 0;
    int reference = 0; ///< label, a number as base/Labels.h has it
};

/// Rows that the run did not score are left out. wrongShape without probabilities of at least two classes.
Result<score::Predictions> predictionsFor(const std::vector<ReferenceRow>& rows, const RunArrays& arrays,
                                          bool multiLabel = false);

/// Of a finished cross-validation, against the labels of its training.
Result<score::Predictions> crossValidatedPredictions(const RunInfo& run);

/// By the names of contract.md §2; auc only where it is defined.
std::map<std::string, double> namedValues(const score::Metrics& metrics);

} // namespace foveate::session
