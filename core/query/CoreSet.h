// SPDX-License-Identifier: GPL-3.0-or-later
// k-center greedy (Sener and Savarese 2018; methods.md §4.4): each pick is the point farthest from all centres so far.
//
// Lazy: a point's distance only falls as centres are added, so an old distance is an upper bound, and only points whose
// bound is the largest are brought up to date. Same picks as the plain sweep, whatever the number of threads; memory is
// 20 bytes a point beside the features. Euclid, float32 differences. Equal distances: the lower row first.
#pragma once

#include "embed/Points.h"

#include <cstddef>
#include <vector>

namespace foveate::query {

struct Centres {
    std::vector<std::size_t> rows; ///< picked, in order
    std::vector<double>
        distances; ///< of each pick to the centres before it; falls. Without a start the first has that of the second
    std::vector<double> remaining; ///< [N] distance of every point to its nearest centre in the end; 0 for picks
};

/// Picks `count` (all when there are fewer) of `points` far from `start` and from each other. Without a start the first
/// is the point nearest to the mean. REQUIRES: finite values, the same dimensions in both.
Centres farthestPoints(embed::Points points, embed::Points start, std::size_t count, int threads = 1);

} // namespace foveate::query
