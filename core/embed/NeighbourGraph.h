// SPDX-License-Identifier: GPL-3.0-or-later
// NeighbourGraph: the k nearest of each point among all others; computed once, it serves UMAP, t-SNE, label spreading
// and kNN.
//
// Up to `exactLimit` points exactly (Neighbours.h: float32 products, checked again in double; equal distances go by
// row). Beyond it by HNSW (Malkov and Yashunin 2018, hnswlib), whose recall is measured on 1,000 points and said.
// Exact graphs are the same for any number of threads; an HNSW graph is the same for the same seed and one thread.
// Memory: 8 bytes an edge, and for HNSW a copy of the points.
#pragma once

#include "embed/Points.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace foveate::embed {

struct GraphOptions {
    std::size_t k = 15;              ///< cut to N − 1
    std::size_t exactLimit = 200000; ///< points up to which every distance is computed
    std::uint64_t seed = 1;
    int threads = 1;
};

struct NeighbourGraph {
    std::size_t k = 0;
    std::vector<std::int32_t> rows; ///< [N,k] nearest first, never the point itself
    std::vector<float> distances;   ///< [N,k] Euclid
    double recall = 1;              ///< share of the true neighbours that is in it; 1 when exact
    bool exact = true;
    std::size_t points() const { return k == 0 ? 0 : rows.size() / k; }
    std::span<const std::int32_t> rowsOf(std::size_t i) const { return std::span(rows).subspan(i * k, k); }
    std::span<const float> distancesOf(std::size_t i) const { return std::span(distances).subspan(i * k, k); }
};

/// Errors of checkPoints(); a single point has a graph with k = 0; outOfMemory.
Result<NeighbourGraph> neighbourGraph(Points points, const GraphOptions& options);

class ExactSearch;

/// The same in steps, so that a long search can be stopped: step() until done() = of(). The points are lent.
class GraphBuild {
public:
    static Result<GraphBuild> create(Points points, const GraphOptions& options);
    GraphBuild(GraphBuild&&) noexcept;
    GraphBuild& operator=(GraphBuild&&) noexcept;
    ~GraphBuild();

    /// Some hundred rows (about 10⁹ multiplications); all of them at once where the graph is not exact.
    Status step();
    std::size_t done() const { return m_done; } ///< rows
    std::size_t of() const { return m_points.rows(); }
    /// REQUIRES: done() = of().
    NeighbourGraph take() { return std::move(m_graph); }

private:
    GraphBuild(Points points, const GraphOptions& options);

    Points m_points;
    GraphOptions m_options;
    NeighbourGraph m_graph;
    std::unique_ptr<ExactSearch> m_search;
    std::size_t m_done = 0;
};

} // namespace foveate::embed
