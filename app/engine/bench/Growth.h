// SPDX-License-Identifier: GPL-3.0-or-later
// Workloads that show how time and memory grow with the number of points. They make their own points (clusters of
// Gaussians, seeded) and print, in quality: sizes, seconds, exponent (slope of log time over log size, from the first
// to the last), and peak_gb, the most memory that the process had held after each size.
#pragma once

#include "app/engine/bench/Workload.h"
#include "embed/Points.h"

namespace foveate::engine::bench {

Result<Outcome> growthSpreading(const Input& input);
Result<Outcome> growthUmap(const Input& input);

/// UMAP with its defaults: graph, start, all epochs. [N,2]
Result<std::vector<float>> umapLayout(embed::Points points, const Input& input);

/// `count` points of `clusters` partly overlapping Gaussian clusters; truth: the cluster of each.
struct MadePoints {
    std::vector<float> values;
    std::vector<int> truth;
};
MadePoints makeClusters(std::size_t count, std::size_t dimensions, int clusters, double spread, std::uint64_t seed);

/// Runs `step` for each size and gathers the figures; what it returns is put beside them, one list a key.
Result<Outcome> grow(const std::vector<std::size_t>& sizes,
                     const std::function<Result<nlohmann::json>(std::size_t size, double& seconds)>& step);

} // namespace foveate::engine::bench
