// SPDX-License-Identifier: GPL-3.0-or-later
// Which image next: the whole pool ranked by a strategy over the arrays of a finished run, or by chance before there
// is one.
//
// One function for the window, `select` and `simulate`: the same run, labels and seed give the same list. Works
// without an engine. A strategy that needs a model falls back to its cold start (random) when no run is there or run
// is "none".
#pragma once

#include "base/Npy.h"
#include "session/Project.h"
#include "session/Runs.h"

#include <cstdint>
#include <string>
#include <vector>

namespace foveate::session {

struct SelectedItem {
    std::string id;
    double score = 0; ///< finite
    int rank = 0;     ///< 1 is the best
    std::string reason;
};

struct Selection {
    std::string strategy; ///< what really ranked: "random" at a cold start
    std::uint64_t seed = 1;
    std::string run; ///< "" when no model took part
    std::vector<SelectedItem> items;
};

/// The arrays of one finished run, by pack row.
struct RunArrays {
    std::vector<std::int64_t> rows;
    Array<float> probabilities; ///< [N,C]; empty when the run has none
    Array<float> features;      ///< [N,D]; empty when the run has none
};
Result<RunArrays> readRunArrays(const std::string& runFolder);

struct PoolItem {
    std::int64_t row = 0;
    std::string id;
};

/// Ranks `pool` whole. `labelled` are the rows that have a label (core-set starts there). notFound (strategy, name);
/// needsTraining when the strategy needs arrays that are not there.
Result<std::vector<SelectedItem>> rankItems(const std::string& strategy, const std::vector<PoolItem>& pool,
                                            const std::vector<std::int64_t>& labelled, const RunArrays* arrays,
                                            std::uint64_t seed);

/// The unlabelled training samples of the project. `run` as `--run`. REQUIRES: project.held().
Result<Selection> rankPool(Project& project, const std::string& strategy, std::uint64_t seed,
                           const std::string& run = {});

/// Stores the first `count` as a batch and puts it at the front of the queue; returns the batch's number.
Result<std::int64_t> queueBatch(Project& project, const Selection& selection, int count);

/// The strategies that can be named.
std::vector<std::string> strategyNames();

} // namespace foveate::session
