// SPDX-License-Identifier: GPL-3.0-or-later
// Pool: the unlabelled samples and all that a strategy may be told of them. Everything is lent for the call.
//
// What must be trained or forwarded (probabilities, features, dropout passes, maps, latents, the impact of a label) is
// handed in as arrays; Strategy.h says which strategy needs what. Arrays are row-major in the order of `ids`; an array
// that nobody computed is empty; a row that could not be computed is NaN and ranks last ("no evidence").
#pragma once

#include "embed/Points.h"
#include "query/Options.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::query {

/// Samples that have a label and take part in training.
struct Labelled {
    std::span<const std::string> ids; ///< [M], each once, none of the pool's
    std::span<const int> classes;     ///< [M] in [0, Pool::classes), or sets as base/Labels.h has them
    std::span<const float> features;  ///< [M,D]
    std::span<const float> latents;   ///< [M,L]
};

/// What a label of one cluster's representative was worth (methods.md §4.9), measured by who can train.
struct Impact {
    std::string id;  ///< the representative
    double gain = 0; ///< ΔAUC against the control; finite
};

/// Numbers of each sample's map or image, by Measure.h.
struct MeasureTable {
    std::string_view measure;      ///< Measure::name
    bool ofImage = false;          ///< of the image instead of its map
    std::span<const float> values; ///< [N, columns of that measure]; a row of NaN: none or an empty map
};

struct Pool {
    std::span<const std::string> ids;     ///< [N], each once
    std::span<const float> probabilities; ///< [N,C]
    std::size_t classes = 0;              ///< C
    bool multiLabel = false;              ///< each class for itself: a row of probabilities need not sum to 1
    std::uint64_t seed = 1;
    int threads = 1;
    Options options;
    std::span<const float> features; ///< [N,D] of the encoder
    std::size_t dimensions = 0;      ///< D
    std::span<const float> passes;   ///< [T,N,C] probabilities of T dropout passes
    std::span<const int> strata;     ///< [N] class by which to stratify; empty: the most probable class
    Labelled labelled;
    std::vector<MeasureTable> measures;
    std::span<const float> latents; ///< [N,L] of the maps' auto-encoder
    std::size_t latentCount = 0;    ///< L
    std::vector<Impact> impacts;    ///< of labelled representatives; empty: not measured
    /// [N] 0: no map was computed because a cheap strategy ranked the sample too low. Empty: all were.
    std::span<const std::uint8_t> mapped;
};

} // namespace foveate::query
