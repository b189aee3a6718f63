// SPDX-License-Identifier: GPL-3.0-or-later
// t-SNE (van der Maaten and Hinton 2008) as a value: run(until) goes on from where it stands.
//
// Perplexities and symmetrised probabilities are qdtsne's, the repulsion is RepulsionTree's. Any number of threads,
// stops and resumptions gives the same layout.
#pragma once

#include "embed/NeighbourGraph.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace foveate::embed {

struct TsneOptions {
    double perplexity = 30; ///< > 1; 3 × as many neighbours of the graph are used; cut to (N − 1)/3
    int exaggerated = 250;  ///< first iterations, with attraction × `exaggeration`
    int iterations = 750;   ///< in all
    double exaggeration = 12;
    double rate = 0; ///< 0: max(200, N/exaggeration) (Belkina et al. 2019)
    int threads = 1;
};

/// All that an interrupted layout needs to go on.
struct TsneState {
    std::vector<float> layout, velocity, gains; ///< [N,2] each
    int iteration = 0;
};

class Tsne {
public:
    /// How many columns of the graph a perplexity needs.
    static std::size_t neighbours(double perplexity) { return std::size_t(3 * perplexity); }

    /// `start` [N,2]: e.g. pcaStart(points, 1e-4). wrongShape when it does not fit the graph, usage for options out of
    /// range. Fewer than five points: the start is the layout.
    static Result<Tsne> create(const NeighbourGraph& graph, std::vector<float> start, const TsneOptions& options);
    Tsne(Tsne&&) noexcept;
    Tsne& operator=(Tsne&&) noexcept;
    ~Tsne();

    void run(int until);
    int iteration() const;
    int iterations() const;
    std::span<const float> layout() const; ///< [N,2]
    const TsneState& state() const;
    Status resume(TsneState state);

private:
    struct Engine;
    explicit Tsne(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> m_engine;
};

} // namespace foveate::embed
