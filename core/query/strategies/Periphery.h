// SPDX-License-Identifier: GPL-3.0-or-later
// What lies between clusters (P1, §II.B.2): the samples' place among the clusters of all training samples.
#pragma once

#include "query/strategies/Strategies.h"

namespace foveate::query {

/// All finite training samples (pool, then labelled) in 8 whitened components.
struct Plane {
    FiniteRows rows; ///< values: the components; places: [0,N) pool, from N labelled
    std::vector<int> clusters;
    int count = 0; ///< clusters
};
/// features → PCA 8 whitened → k-means, k = classes, 10 restarts. REQUIRES: a finite row.
Result<Plane> planeOf(const Pool& pool);

/// How undecided each sample of the plane is between the clusters.
struct Between {
    std::vector<double> doubt;   ///< [plane rows] 1 − max p
    std::vector<Reason> reasons; ///< periphery
    std::vector<bool> kept;      ///< by the rule
    std::vector<double> score;   ///< kept ones above all others
    double limit = 0;            ///< the rule's bound in force: max p below it, or |p − ½| at most (band)
    bool widened = false;        ///< the rule kept nothing; 1 % of the pool is kept instead
};
Result<Between> between(const Plane& plane, const Pool& pool);

} // namespace foveate::query
