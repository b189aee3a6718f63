// SPDX-License-Identifier: GPL-3.0-or-later
// k-means: greedy k-means++ (2 + ⌊ln k⌋ trials a centre), Lloyd's iterations, the best of several restarts.
//
// Source: Arthur and Vassilvitskii 2007; Lloyd 1982. The stopping rule is scikit-learn's: the centres moved by less
// than tolerance × the mean variance of the columns, or no label changed. Same seed, same result, whatever the number
// of threads. A cluster that loses all its points takes the point farthest from its centre.
#pragma once

#include "embed/Points.h"

#include <cstdint>
#include <vector>

namespace foveate::embed {

struct KMeansOptions {
    int clusters = 2;        ///< k ≥ 1; cut to the number of different points
    int restarts = 10;       ///< more: a better optimum, proportionally slower
    int iterations = 300;    ///< most in one restart
    double tolerance = 1e-4; ///< ≥ 0; 0 iterates until no label changes
    std::uint64_t seed = 1;
    int threads = 1;
};

struct KMeans {
    std::size_t dimensions = 0;
    std::vector<float> centres;     ///< [k,D] row-major, in the order of their first coordinate
    std::vector<int> labels;        ///< [N] in [0,k)
    std::vector<std::size_t> sizes; ///< [k], each ≥ 1
    double inertia = 0;             ///< Σ squared distance to the own centre
    int iterations = 0;             ///< of the best restart
    int clusters() const { return int(sizes.size()); }
    Points centrePoints() const { return {centres, dimensions}; }
};

/// Errors of checkPoints().
Result<KMeans> kMeans(Points points, const KMeansOptions& options);

} // namespace foveate::embed
