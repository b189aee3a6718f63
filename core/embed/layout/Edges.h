// SPDX-License-Identifier: GPL-3.0-or-later
// Edges of a symmetric weighted graph, row after row.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace foveate::embed::layout {

struct Edges {
    std::vector<std::size_t> starts; ///< [N + 1]
    std::vector<std::int32_t> targets;
    std::vector<float> weights;
    std::size_t points() const { return starts.empty() ? 0 : starts.size() - 1; }
};

/// The first `use` of the k nearest of each point; rows and distances [N,k], nearest first.
struct Nearest {
    std::span<const std::int32_t> rows;
    std::span<const float> distances;
    std::size_t k = 0;
    std::size_t use = 0;
};

} // namespace foveate::embed::layout
