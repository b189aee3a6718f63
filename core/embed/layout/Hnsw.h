// SPDX-License-Identifier: GPL-3.0-or-later
// Approximate nearest neighbours by hnswlib (Malkov and Yashunin 2018). Nothing of the library crosses this border.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <span>

namespace foveate::embed::layout {

/// Fills rows and distances [N,k] with the k nearest of each of the points [N,dimensions], nearest first, without the
/// point itself. The index is built by one thread, so that the same seed gives the same graph; the questions are asked
/// by `threads`. outOfMemory. REQUIRES: k < N.
Status approximateNeighbours(std::span<const float> points, std::size_t dimensions, std::size_t k, std::uint64_t seed,
                             int threads, std::span<std::int32_t> rows, std::span<float> distances);

} // namespace foveate::embed::layout
