// SPDX-License-Identifier: GPL-3.0-or-later
// Mapping: a map of features in the plane in steps: neighbours, layout, alignment to the map before, trustworthiness.
//
// A step takes about a tenth of a second (a graph beyond NeighbourGraph's exact limit is one step). Stopped after any
// step and resumed from state(), it ends with the same map; any number of threads gives the same map.
#pragma once

#include "embed/NeighbourGraph.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace foveate::embed {

enum class MapMethod { pca, umap, tsne };

struct MapOptions {
    MapMethod method = MapMethod::umap;
    std::size_t neighbours = 15; ///< umap
    double minimumDistance = .1; ///< umap
    double perplexity = 30;      ///< tsne
    int rounds = 0;              ///< epochs of umap, iterations of tsne; 0: their defaults
    bool hold = false;           ///< what the map before knows stays where it is; only new images are placed
    std::uint64_t seed = 1;
    int threads = 1;
};

struct MapState {
    int round = 0;
    std::vector<float> layout;          ///< [N,2]
    std::vector<float> velocity, gains; ///< tsne: [N,2]
};

struct MapFigures {
    int rounds = 0;
    double trustworthiness = 0; ///< @15, of at most 3,000 images
    double recall = 1;          ///< of the neighbour graph
};

class Mapping {
public:
    enum class Stage { neighbours, layout, judging, done };

    /// `features` [N,D]; `previous` [N,2]: the map of the round before, not finite where an image is new; empty: none.
    /// Errors of checkPoints(); wrongShape for a previous map of another size; usage for options out of range.
    static Result<Mapping> create(std::vector<float> features, std::size_t dimensions, const MapOptions& options,
                                  std::vector<float> previous = {});
    Mapping(Mapping&&) noexcept;
    Mapping& operator=(Mapping&&) noexcept;
    ~Mapping();

    Status step();
    Stage stage() const;
    std::size_t done() const; ///< of the stage: rows, rounds
    std::size_t of() const;

    /// What resume() needs. REQUIRES: stage() is layout.
    MapState state() const;
    /// Goes on from there once the neighbours are found again. wrongShape when it does not fit.
    Status resume(MapState state);

    std::span<const float> layout() const; ///< [N,2] when done
    const MapFigures& figures() const;     ///< when done

private:
    struct Work;
    explicit Mapping(std::unique_ptr<Work> work);
    std::unique_ptr<Work> m_work;
};

} // namespace foveate::embed
