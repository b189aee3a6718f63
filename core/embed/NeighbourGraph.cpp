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
constexpr std::size_t kStep = 1000000000; ///< multiplications in one step

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

GraphBuild::GraphBuild(Points points, const GraphOptions& options) : m_points(points), m_options(options)
{}
GraphBuild::GraphBuild(GraphBuild&&) noexcept = default;
GraphBuild& GraphBuild::operator=(GraphBuild&&) noexcept = default;
GraphBuild::~GraphBuild() = default;

Result<GraphBuild> GraphBuild::create(Points points, const GraphOptions& options)
{
    FOVEATE_CHECK(checkPoints(points));
    if (points.rows() > std::size_t(std::numeric_limits<std::int32_t>::max()))
        return fail(Code::tooLarge, {"features", std::to_string(points.rows())});
    GraphBuild build(points, options);
    NeighbourGraph& graph = build.m_graph;
    graph.k = std::min(options.k, points.rows() - 1);
    graph.exact = points.rows() <= options.exactLimit;
    graph.rows.resize(points.rows() * graph.k);
    graph.distances.resize(graph.rows.size());
    if (graph.k == 0)
        build.m_done = build.of();
    else if (graph.exact)
        build.m_search = std::make_unique<ExactSearch>(points, options.threads);
    return build;
}

Status GraphBuild::step()
{
    if (m_done == of())
        return {};
    if (!m_search) {
        FOVEATE_CHECK(layout::approximateNeighbours(m_points.values, m_points.dimensions, m_graph.k, m_options.seed,
                                                    m_options.threads, m_graph.rows, m_graph.distances));
        m_graph.recall = recallOf(m_points, m_graph, m_options.seed, m_options.threads);
        m_done = of();
        return {};
    }
    const std::size_t rows = std::max<std::size_t>(512, kStep / (of() * m_points.dimensions));
    const std::size_t end = std::min(of(), m_done + rows);
    m_search->find(m_points, m_done, end, m_graph.k, true, m_options.threads,
                   [this](std::size_t i, std::span<const ExactSearch::Found> found) {
                       for (std::size_t j = 0; j < m_graph.k; ++j) {
                           m_graph.rows[i * m_graph.k + j] = std::int32_t(found[j].row);
                           m_graph.distances[i * m_graph.k + j] = float(std::sqrt(found[j].squared));
                       }
                   });
    m_done = end;
    return {};
}

Result<NeighbourGraph> neighbourGraph(Points points, const GraphOptions& options)
{
    FOVEATE_TRY(GraphBuild build, GraphBuild::create(points, options));
    while (build.done() < build.of())
        FOVEATE_CHECK(build.step());
    return build.take();
}

} // namespace foveate::embed
