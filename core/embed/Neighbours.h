// SPDX-License-Identifier: GPL-3.0-or-later
// Exact nearest neighbours (ExactSearch.h), and the plain-vote classifier on them (methods.md §3: Euclid).
//
// Distances are computed in double from float32 features, so that points that lie close together far from the origin
// are still told apart. Equal distances: the lower row first. Any number of threads gives the same result.
#pragma once

#include "embed/Points.h"

#include <cstdint>
#include <vector>

namespace foveate::embed {

/// [Q,k] rows of the base, nearest first; k is cut to the size of the base.
struct NeighbourTable {
    std::size_t k = 0;
    std::vector<std::int64_t> rows;
    std::vector<double> distances; ///< Euclid, ≥ 0
};

/// wrongShape: dimensions that differ or an empty base; nonFinite: NaN or infinity in a feature. REQUIRES: k ≥ 1.
Result<NeighbourTable> nearest(Points base, Points queries, std::size_t k, int threads = 1);

/// The commonest label among the k nearest, each with one vote; the lowest class among equals.
/// Errors as nearest(), wrongShape when labels.size() != base.rows(). REQUIRES: labels in [0, classes).
Result<std::vector<int>> classify(Points base, std::span<const int> labels, int classes, Points queries, std::size_t k,
                                  int threads = 1);

} // namespace foveate::embed
