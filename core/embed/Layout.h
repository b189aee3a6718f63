// SPDX-License-Identifier: GPL-3.0-or-later
// What layouts in two dimensions have in common: a start, a likeness to the round before, new points among old ones.
// A layout is [N,2] row-major float32.
#pragma once

#include "embed/NeighbourGraph.h"
#include "embed/Neighbours.h"

#include <vector>

namespace foveate::embed {

constexpr double kUmapStart = 4;    ///< standard deviation of a start for UMAP: about the width of its layouts
constexpr double kTsneStart = 1e-4; ///< for t-SNE, which unfolds from nearly one point (Kobak and Berens 2019)

/// The first two principal components, scaled so that the first has the given standard deviation, with a jitter of
/// 1e-4 of it (seeded), so that equal points can part. Errors of checkPoints().
Result<std::vector<float>> pcaStart(Points points, double deviation, std::uint64_t seed, int threads = 1);

/// `layout` turned, mirrored, scaled and shifted onto `target` (orthogonal Procrustes, least squares over the rows that
/// are finite in `target`; fewer than two, or no extent: as it is). wrongShape when the numbers of rows differ.
Result<std::vector<float>> aligned(std::span<const float> layout, std::span<const float> target);

/// `previous` [N,2] with each row that is not finite placed by its nearest finite ones in the features (place()).
/// Errors of checkPoints(); wrongShape when the rows differ or none is finite.
Result<std::vector<float>> completed(std::span<const float> previous, Points points, int threads = 1);

/// [Q,2]: new points among old ones that stay where they are: the mean of their neighbours' places, weighted by
/// e^(−(d − d₁)/σ), d₁ the nearest distance and σ the mean of d − d₁. `table`: neighbours of the new points
/// among the old ones.
std::vector<float> place(const NeighbourTable& table, std::span<const float> layout);

} // namespace foveate::embed
