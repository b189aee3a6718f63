// SPDX-License-Identifier: GPL-3.0-or-later
// What a simulation knows before it begins, and its rounds as folders. Internal to session/: it holds hidden truth,
// which goes into a round's labels only as far as the oracle has been asked.
#pragma once

#include "session/References.h"
#include "session/Runs.h"
#include "session/Simulation.h"
#include "store/Lock.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace foveate::session {

struct RoundName {
    std::string strategy; ///< "" for the first round, which all strategies share
    int repeat = 1;
    int round = 1; ///< from 1; so many batches are labelled
};

struct RoundOutcome {
    std::map<std::string, double> values;
    double seconds = 0;
};

class SimulationPlan {
public:
    static Result<SimulationPlan> make(Project& project, SimulationOptions options);

    const SimulationOptions& options() const { return m_options; }
    const std::string& folder() const { return m_folder; }
    const std::vector<PoolItem>& pool() const { return m_pool; }
    int truthOf(std::int64_t row) const { return m_truth.at(row); }
    int engines() const { return m_options.engines; }
    std::int64_t roundCount() const;

    std::string roundFolder(const RoundName& name) const;
    /// How many labels the next round adds to so many: the least at first, then as many as there are, up to the most.
    int batchAfter(std::size_t labelled) const;
    /// The next batch of a chain: common random rows for the first, random without a model, else by the strategy over
    /// the round before. A strategy that needs the engine is read from selectionFolder(next), which must be finished.
    Result<std::vector<std::int64_t>> pick(const RoundName& next, const std::vector<std::int64_t>& labelled,
                                           bool fromModel) const;
    /// Whether the engine has to rank before pick(next).
    bool needsSelection(const RoundName& next) const;
    std::string selectionFolder(const RoundName& next) const { return roundFolder(next) + "-select"; }
    /// Makes the engine's run that ranks for round `next`, unless it is there. Before the round's weights are pruned.
    Status writeSelection(const RoundName& next, const std::vector<std::int64_t>& labelled) const;
    /// Keeps the list alone.
    Status finishSelection(const RoundName& next) const;
    /// Makes the round's run folder unless it is there; a half-made one is made again.
    Status writeRound(const RoundName& name, const std::vector<std::int64_t>& labelled) const;
    /// Metrics on the test side; keeps them in round.json with the seconds.
    Result<RoundOutcome> finishRound(const RoundName& name, std::optional<double> seconds) const;
    /// Removes what is large of a finished round, unless rounds are kept: what repeats the choice and tells about it
    /// stays.
    Status pruneRound(const RoundName& name) const;
    /// rows.json and the MANIFEST.
    Status finish(const std::vector<SimulationRow>& rows) const;

private:
    SimulationPlan() = default;
    Status readProject(Project& project);
    Status chooseThreads();
    Status enterFolder(Project& project);
    bool continues(const RunInfo& run) const;
    nlohmann::json identity() const;
    std::uint64_t seedFor(const char* purpose, const RoundName& name) const;
    RoundName roundBefore(const RoundName& next) const;
    Snapshot snapshotWith(const std::vector<std::int64_t>& labelled) const;
    Status prune(const std::string& folder) const;

    SimulationOptions m_options;
    std::string m_folder;
    std::string m_packPath;
    std::optional<RunInfo> m_parent;
    Snapshot m_snapshot; ///< all samples, no labels
    std::unordered_map<std::int64_t, int> m_truth;
    std::vector<PoolItem> m_pool;
    std::vector<ReferenceRow> m_test;
    std::optional<store::Lock> m_lock;
};

} // namespace foveate::session
