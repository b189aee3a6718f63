// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/NeighbourGraph.h"

#include "base/Random.h"
#include "embed/ExactSearch.h"
#include "embed/layout/Hnsw.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace foveate::embed {
namespace {

constexpr std::size_t kRecallRows = 1000;

void fillExactly(Points points, int threads, NeighbourGraph& graph)
{
    const auto take = [&](std::size_t i, std::span<const ExactSearch::Found> found) {
        for (std::size_t j = 0; j < graph.k; ++j) {
            graph.rows[i * graph.k + j] = std::int32_t(found[j].row);
            graph.distances[i * graph.k + j] = float(std::sqrt(found[j].squared));
        }
    };
    ExactSearch(points, threads).find(points, graph.k, true, threads, take);
}

/// Share of the true neighbours of some rows that the graph has; farther ones at the same distance count too.
double recallOf(Points points, const NeighbourGraph& graph, std::uint64_t seed, int threads)
{
    Random random = Random::derive(seed, "recall");
    std::vector<std::size_t> rows;
    std::vector<float> values;
    for (std::size_t i = 0; i < std::min(kRecallRows, points.rows()); ++i) {
        rows.push_back(std::size_t(random.below(points.rows())));
        values.insert(values.end(), points.row(rows.back()), points.row(rows.back()) + points.dimensions);
    }
    std::vector<std::size_t> hits(rows.size(), 0);
    const auto count = [&](std::size_t q, std::span<const ExactSearch::Found> found) {
        const float farthest = float(std::sqrt(found.back().squared)); // found holds the row itself
        for (const float distance : graph.distancesOf(rows[q]))
            hits[q] += std::size_t(distance <= farthest);
    };
    ExactSearch(points, threads).find({values, points.dimensions}, graph.k + 1, false, threads, count);
    std::size_t sum = 0;
    for (const std::size_t hit : hits)
        sum += hit;
    return double(sum) / double(rows.size() * graph.k);
}

} // namespace

Result<NeighbourGraph> neighbourGraph(Points points, const GraphOptions& options)
{
    FOVEATE_CHECK(checkPoints(points));
    if (points.rows() > std::size_t(std::numeric_limits<std::int32_t>::max()))
        return fail(Code::tooLarge, {"features", std::to_string(points.rows())});
    NeighbourGraph graph;
    graph.k = std::min(options.k, points.rows() - 1);
    graph.exact = points.rows() <= options.exactLimit;
    graph.rows.resize(points.rows() * graph.k);
    graph.distances.resize(graph.rows.size());
    if (graph.k == 0)
        return graph;
    if (graph.exact) {
        fillExactly(points, options.threads, graph);
        return graph;
    }
    FOVEATE_CHECK(layout::approximateNeighbours(points.values, points.dimensions, graph.k, options.seed,
                                                options.threads, graph.rows, graph.distances));
    graph.recall = recallOf(points, graph, options.seed, options.threads);
    return graph;
}

} // namespace foveate::embed
