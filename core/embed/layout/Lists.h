// SPDX-License-Identifier: GPL-3.0-or-later
// Between our arrays and the neighbour lists of umappp and qdtsne.
#pragma once

#include "embed/layout/Edges.h"

#include <utility>

namespace foveate::embed::layout {

using Lists = std::vector<std::vector<std::pair<int, float>>>;

inline Lists listsOf(const Nearest& nearest)
{
    Lists lists(nearest.rows.size() / nearest.k);
    for (std::size_t i = 0; i < lists.size(); ++i) {
        lists[i].reserve(2 * nearest.use);
        for (std::size_t j = i * nearest.k; j < i * nearest.k + nearest.use; ++j)
            lists[i].emplace_back(nearest.rows[j], nearest.distances[j]);
    }
    return lists;
}

inline Edges edgesOf(const Lists& lists)
{
    Edges edges;
    edges.starts.push_back(0);
    for (const auto& list : lists) {
        for (const auto& [target, weight] : list) {
            edges.targets.push_back(target);
            edges.weights.push_back(weight);
        }
        edges.starts.push_back(edges.targets.size());
    }
    return edges;
}

} // namespace foveate::embed::layout
