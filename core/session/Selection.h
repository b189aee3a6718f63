// SPDX-License-Identifier: GPL-3.0-or-later
// Which image next: the whole pool ranked by a strategy over the arrays of a finished run, or by chance before there
// is one.
//
// One way for the window, `select` and `simulate`: the same run, labels, options and seed give the same list. A
// strategy that is content with probabilities ranks at once, without an engine; any other is an engine's run "select",
// whose list is read when it has finished. A strategy that needs a model falls back to its cold start (random) when no
// run is there or run is "none".
#pragma once

#include "base/Npy.h"
#include "session/Project.h"
#include "session/Runs.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace foveate::session {

struct SelectedItem {
    std::string id;
    double score = 0;   ///< finite
    int rank = 0;       ///< 1 is the best
    std::string reason; ///< code and numbers as query::toText() writes them
    bool audit = false; ///< of the random share
};

struct Selection {
    std::string strategy; ///< what really ranked: "random" at a cold start
    std::uint64_t seed = 1;
    std::string run; ///< "" when no model took part
    std::vector<SelectedItem> items;
    nlohmann::json notes = nlohmann::json::object(); ///< query::Ranking::notes
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

/// Whether a strategy ranks at once, without an engine. notFound (strategy, name), usage.
Result<bool> ranksAtOnce(const std::string& strategy, const nlohmann::json& options = nlohmann::json::object());

/// Whether a study can be asked by a strategy: needsOneClass (strategy) in a multi-label one that it is not made for;
/// notFound, usage as above.
Status checkStrategy(const std::string& strategy, const nlohmann::json& options, bool multiLabel);

/// Ranks `pool` whole. needsTraining when the strategy needs arrays that are not there. Errors of query::rank().
/// REQUIRES: ranksAtOnce(strategy).
Result<std::vector<SelectedItem>> rankItems(const std::string& strategy, const std::vector<PoolItem>& pool,
                                            const RunArrays* arrays, std::uint64_t seed, bool multiLabel = false);

struct SelectWish {
    std::string strategy;
    std::uint64_t seed = 1;
    std::string run; ///< as `--run`
    /// query/Options.h, and prefilter (true, false; absent: by the size of the pool).
    nlohmann::json options = nlohmann::json::object();
    int threads = 0;
    std::string device = "auto";
};

struct PreparedSelection {
    Selection selection; ///< whole, or without items while the engine has to run
    std::string folder;  ///< "" or the run folder that the engine must finish first
};

/// The unlabelled training samples of the project, ranked at once or prepared as a run. REQUIRES: project.held().
Result<PreparedSelection> prepareSelection(Project& project, const SelectWish& wish);
/// What the engine wrote into a finished select run: `prepared` with its items. badInput.
Result<Selection> readSelection(PreparedSelection prepared);

/// The list of the newest finished select run of this strategy and seed on the newest training, without what has been
/// labelled since; nothing when there is none. REQUIRES: project.held().
Result<std::optional<Selection>> lastSelection(Project& project, const std::string& strategy, std::uint64_t seed);

/// The same for a strategy that ranks at once; usage (args: "strategy") for another.
Result<Selection> rankPool(Project& project, const std::string& strategy, std::uint64_t seed,
                           const std::string& run = {});

/// Puts rows, probabilities and features of a finished run beside the snapshot of another: what is known is not
/// computed again. Files that are not there are left out.
Status lendArrays(const std::string& fromRun, const std::string& toRun);

/// Stores the first `count` as a batch and puts it at the front of the queue; returns the batch's number.
Result<std::int64_t> queueBatch(Project& project, const Selection& selection, int count);

/// The strategies that can be named, variants too.
std::vector<std::string> strategyNames();

} // namespace foveate::session
