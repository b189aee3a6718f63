// SPDX-License-Identifier: GPL-3.0-or-later
// Label spreading (Zhou et al. 2004; methods.md §4.6): F ← αSF + (1−α)Y, S = D^−½ W D^−½, W_ij = exp(−γ|x_i − x_j|²),
// W_ii = 0, from F = Y, in double; a run stops by itself as scikit-learn's does: when Σ|ΔF| < tolerance, or after
// `updates`.
//
// F is linear in Y: all runs go through the points together, either a column for each run and class or one for each
// seed (then a run is a sum of columns), whichever is fewer. The labels are those of run after run. Up to `denseLimit`
// points every pair counts; the kernel is computed in tiles as often as it is needed and never held. Beyond it W is
// the graph of the nearest `neighbours`, made symmetric by the greater weight (the other entries are 0).
// Any number of threads gives the same result on the same graph.
#pragma once

#include "embed/NeighbourGraph.h"

#include <cstdint>
#include <vector>

namespace foveate::embed {

struct SpreadingOptions {
    double gamma = 20;              ///< > 0; larger: only close points pass a label on
    double alpha = .01;             ///< in (0,1); larger: farther from the seeds
    int updates = 30;               ///< at most; ignored by `converge`
    double tolerance = 1e-3;        ///< of Σ|ΔF|
    bool converge = false;          ///< go on until Σ|ΔF| < 1e-9 · N (agrees with the rule above for 89–93 % only)
    std::size_t denseLimit = 20000; ///< points up to which all pairs count
    std::size_t neighbours = 100;   ///< of the sparse form
    std::uint64_t seed = 1;         ///< of the sparse form's graph, where that is not exact
    int threads = 1;
};

constexpr std::int16_t kUnreached = -1;

struct Spread {
    std::size_t runs = 0;
    std::vector<std::int16_t> labels; ///< [N,runs]; the lower class of equals; kUnreached: no mass came here
    std::vector<int> updates;         ///< [runs]
    bool sparse = false;
    double recall = 1; ///< of the sparse form's graph
    std::span<const std::int16_t> labelsOf(std::size_t i) const { return std::span(labels).subspan(i * runs, runs); }
};

/// runs[r]: the rows whose label run r knows. `classOf` [N]: class of each row, read at the runs' rows only.
/// `graph` serves the sparse form when it has ≥ `neighbours` columns; nullptr: it is made here.
/// Errors of checkPoints(); wrongShape for a row or a class that is not there; needsLabels for a run without a row.
Result<Spread> spreadLabels(Points points, std::span<const int> classOf, int classes,
                            const std::vector<std::vector<std::int64_t>>& runs, const SpreadingOptions& options,
                            const NeighbourGraph* graph = nullptr);

/// [N,classes]: in how many runs each class won the row; the rest of the runs did not reach it.
std::vector<int> votes(const Spread& spread, int classes);

} // namespace foveate::embed
