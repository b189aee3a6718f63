// SPDX-License-Identifier: GPL-3.0-or-later
// 95 % intervals of the figures by bootstrap over patients: images of one patient are not independent, so whole
// patients are drawn with replacement, and each brings all of its images.
//
// Percentile intervals (2.5 and 97.5 %, interpolated linearly). The same seed gives the same intervals on any machine.
#pragma once

#include "score/Metrics.h"

namespace foveate::score {

struct Interval {
    double low = 0, high = 0;
};

struct Intervals {
    Interval accuracy, balancedAccuracy;
    Interval precisionMacro, recallMacro, f1Macro;
    Interval precisionWeighted, recallWeighted, f1Weighted;
    Interval ece;
    std::optional<Interval> auc; ///< nothing when it was undefined in more than half of the draws
    std::vector<Interval> f1;    ///< of each class
};

/// Nothing for fewer than two patients: one patient says nothing about others. Errors as metrics().
/// draws: more is smoother; ≥ 1. About 0.1 s for 400 images and 1000 draws.
Result<std::optional<Intervals>> bootstrap(const Predictions& predictions, std::uint64_t seed, int draws = 1000);

} // namespace foveate::score
