// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of a classifier's doubt from its probabilities (methods.md §4.2). Larger means more doubt.
//
// A row is scaled to sum 1 first. A row with a NaN, an infinity, a negative number or no mass has no evidence.
// In a multi-label study each class is a question of its own, yes or no, and the row is taken as it is.
#pragma once

#include "query/Ranked.h"

#include <span>
#include <utility>

namespace foveate::query {

struct Doubt {
    double score = 0;
    Reason reason;
};

/// −Σ p ln p, in [0, ln C]; multi-label: the sum over the questions, in [0, C ln 2].
Doubt entropy(std::span<const float> probabilities, bool multiLabel = false);
/// 1 − (largest − second), in [0, 1]; multi-label: of the question nearest to ½.
Doubt margin(std::span<const float> probabilities, bool multiLabel = false);
/// 1 − largest, in [0, 1 − 1/C]; multi-label: the chance that any answer is wrong were they independent.
Doubt leastConfidence(std::span<const float> probabilities, bool multiLabel = false);

/// The classes of the two largest numbers, the lower among equals; the same twice for one class. REQUIRES: a number.
std::pair<std::size_t, std::size_t> topTwo(std::span<const double> p);

} // namespace foveate::query
