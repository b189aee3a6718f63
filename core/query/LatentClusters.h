// SPDX-License-Identifier: GPL-3.0-or-later
// LatentClusters: the clusters of the maps' latents, in the order of their first principal axis, with a representative
// each (P4, Algorithm 2; methods.md §4.9).
//
// The representative is the labelled sample nearest to the centre where the cluster has one, else the sample nearest to
// it, whose label is to be asked for. Distances in double; equal ones: the lower row.
#pragma once

#include "query/Pool.h"

#include <vector>

namespace foveate::query {

struct LatentCluster {
    std::string representative; ///< its id
    bool labelled = false;
    std::size_t members = 0;
};

struct LatentClusters {
    std::vector<LatentCluster> clusters; ///< K, in order along the axis
    std::vector<std::size_t> rows;       ///< finite rows: [0,N) of the pool, from N of the labelled
    std::vector<int> of;                 ///< [rows] cluster of each
    std::vector<double> distances;       ///< [rows] to the cluster's centre
    bool allLabelled() const;
};

/// k-means over pool and labelled, 10 restarts, K = options.clusters (fewer when there are fewer different latents).
/// Empty without a finite row.
Result<LatentClusters> latentClusters(const Pool& pool);

/// Algorithm 2 as the paper has it, on labels that are there already: the labelled are clustered, then again without
/// the representatives, until none is left. So each labelled sample with finite latents is a representative once. Rows
/// as in latentClusters(). Empty without such a sample.
Result<std::vector<LatentClusters>> clustersToExhaustion(const Pool& pool);

/// 1 (most informative) … K for each cluster by its gain, smoothed over its neighbours on the axis (¼ ½ ¼) when
/// `ordinal`. Equal gains: the lower cluster first.
std::vector<int> levelsOf(const std::vector<double>& gains, bool ordinal);

} // namespace foveate::query
