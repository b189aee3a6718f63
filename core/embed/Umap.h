// SPDX-License-Identifier: GPL-3.0-or-later
// UMAP (McInnes et al. 2018) as a value: run(until) goes on from where it stands.
//
// Membership strengths, their union and the curve (a, b) are umappp's. The layout moves all points at once in each
// epoch by edges that are due and `negatives` random others for each; the randomness of an epoch depends on the seed,
// the epoch and the point only. So the layout and the epoch are the whole state, and any number of threads, stops and
// resumptions gives the same layout.
#pragma once

#include "embed/NeighbourGraph.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace foveate::embed {

struct UmapOptions {
    std::size_t neighbours = 15; ///< ≥ 2, the graph's first columns; more: coarser structure
    double minimumDistance = .1; ///< in [0, spread]; smaller: tighter clumps
    double spread = 1;           ///< > 0: scale of the layout
    int epochs = 0;              ///< 0: 500 up to 10,000 points, else 200
    double negatives = 5;        ///< random points pushed away for each edge; more: better separated, slower
    double rate = 1;             ///< first step size; falls to 0 over the epochs
    std::uint64_t seed = 1;
    int threads = 1;
};

class Umap {
public:
    /// `start` [N,2]: e.g. pcaStart(points, 4). wrongShape when it does not fit the graph, usage for options out of
    /// range. A graph of fewer than two points: the start is the layout.
    static Result<Umap> create(const NeighbourGraph& graph, std::vector<float> start, const UmapOptions& options);
    Umap(Umap&&) noexcept;
    Umap& operator=(Umap&&) noexcept;
    ~Umap();

    void run(int until);
    int epoch() const;
    int epochs() const;
    std::span<const float> layout() const; ///< [N,2]
    /// Goes back or on to a state that layout() and epoch() gave, of the same graph and options.
    Status resume(std::span<const float> layout, int epoch);

private:
    struct State;
    explicit Umap(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace foveate::embed
