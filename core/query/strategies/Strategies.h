// SPDX-License-Identifier: GPL-3.0-or-later
// Every strategy, each defined in its own file of this folder, and what several of them share.
#pragma once

#include "query/Strategy.h"
#include "query/Uncertainty.h"

#include <string>
#include <vector>

namespace foveate::query {

extern const Strategy kRandom, kStratified;                                    // Random.cpp
extern const Strategy kEntropy, kMargin, kLeastConfidence;                     // Doubt.cpp
extern const Strategy kMcDropout, kBald;                                       // Dropout.cpp
extern const Strategy kCoreset;                                                // Coreset.cpp
extern const Strategy kTypical;                                                // Typical.cpp
extern const Strategy kPeriphery, kPeripheryZscore, kPeripherySilhouette;      // Periphery.cpp
extern const Strategy kLabelSpread;                                            // LabelSpread.cpp
extern const Strategy kKurtosis;                                               // Kurtosis.cpp
extern const Strategy kRadiomicsFirstOrder, kRadiomicsGlcm, kRadiomicsShape2d; // Radiomics.cpp
extern const Strategy kDeepSaliency;                                           // DeepSaliency.cpp
extern const Strategy kProxy;                                                  // Proxy.cpp

/// The pool's samples, each without evidence: a strategy fills in those that it can judge.
std::vector<Ranked> unjudged(const Pool& pool);

/// Rows of an array that are finite, copied together.
struct FiniteRows {
    std::vector<std::size_t> places; ///< which rows
    std::vector<float> values;       ///< [places, dimensions]
    std::size_t dimensions = 0;
    std::size_t size() const { return places.size(); }
    embed::Points points() const { return {values, dimensions}; }
};
FiniteRows finiteRows(std::span<const float> values, std::size_t dimensions);
/// Rows of `first`, then of `second`; places of the second count on from `offset`.
FiniteRows joined(FiniteRows first, const FiniteRows& second, std::size_t offset);

} // namespace foveate::query
