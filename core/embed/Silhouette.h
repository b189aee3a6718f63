// SPDX-License-Identifier: GPL-3.0-or-later
// Silhouette of each point (Rousseeuw 1987): (b − a) / max(a, b), Euclid; a: mean distance to the other members of its
// own cluster, b: the least mean distance to the members of another.
//
// In [−1,1]; 0 for the only member of a cluster. Time N² · D, memory N × clusters. Any number of threads gives the same
// result.
#pragma once

#include "embed/Points.h"

#include <vector>

namespace foveate::embed {

/// [N]. Errors of checkPoints(); wrongShape when labels.size() ≠ N; needsClasses when fewer than two clusters have
/// members. REQUIRES: labels ≥ 0.
Result<std::vector<double>> silhouette(Points points, std::span<const int> labels, int threads = 1);

} // namespace foveate::embed
