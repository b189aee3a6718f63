// SPDX-License-Identifier: GPL-3.0-or-later
// Measures: the numbers that the saliency strategies need of one map (or image), so that maps need not be kept.
//
// A map that is empty, constant or not finite has no evidence: all its numbers are NaN. The first number is always
// Pearson's kurtosis of the pixels. For radiomics the map is scaled to [0,1] first (methods.md §4.7–9).
#pragma once

#include "query/Options.h"
#include "query/radiomics/Map.h"

#include <span>
#include <string_view>

namespace foveate::query {

struct Measure {
    std::string_view name;
    std::size_t columns = 0;
    /// Fills `out`. REQUIRES: out.size() == columns.
    void (*of)(const radiomics::Map& map, const Options& options, std::span<float> out) = nullptr;
};

extern const Measure kKurtosisMeasure;   ///< kurtosis as the options want it
extern const Measure kFirstOrderMeasure; ///< kurtosis, skewness, entropy, total energy
extern const Measure kGlcmMeasure;       ///< kurtosis; sum entropy, Idn, difference entropy, maximal correlation
extern const Measure kShape2dMeasure;   ///< kurtosis; sphericity, spherical disproportion, elongation of the hot region
extern const Measure kThumbnailMeasure; ///< the map scaled to [0,1] and averaged to 64×64: what the auto-encoder sees

/// All of them.
std::span<const Measure* const> measures();

} // namespace foveate::query
