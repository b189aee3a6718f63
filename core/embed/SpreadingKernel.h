// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix W of label spreading, W_ij = exp(−γ|x_i − x_j|²), W_ii = 0, as what it does to a vector; in double.
#pragma once

#include "embed/Matrices.h"
#include "embed/NeighbourGraph.h"

#include <cstdint>
#include <functional>

namespace foveate::embed {

/// W times a matrix [N,m] of which only `rows` are not 0: values [rows,m] → [N,m].
using SpreadingKernel =
    std::function<RowMatrix<double>(const RowMatrix<double>& values, std::span<const std::int64_t> rows)>;

/// All pairs, computed in tiles at each call: time N · rows · (D + m), memory a quarter of a megabyte a thread.
SpreadingKernel denseKernel(Points points, double gamma, int threads);

/// The pairs of a graph, in either direction. The graph is lent, and the edges that only the other end names are kept.
SpreadingKernel sparseKernel(const NeighbourGraph& graph, double gamma, int threads);

} // namespace foveate::embed
