// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/SimulationPlan.h"

#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "base/Random.h"
#include "session/PackKeeping.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>
#include <unordered_set>

namespace foveate::session {
namespace {

namespace fs = std::filesystem;

constexpr int kMostEngines = 4;
constexpr std::size_t kLargestNote = std::size_t(1) << 20;

bool trains(Split split)
{
    return split == Split::train || split == Split::none;
}

Status checkOptions(const SimulationOptions& options, bool multiLabel)
{
    if (options.strategies.empty() || options.rounds < 1 || options.batch < 1 || options.repeats < 1 ||
        (options.largestBatch != 0 && options.largestBatch < options.batch))
        return fail(Code::usage, {"simulate"});
    for (const std::string& strategy : options.strategies)
        FOVEATE_CHECK(checkStrategy(strategy, options.selecting, multiLabel));
    const std::set<std::string> distinct(options.strategies.begin(), options.strategies.end());
    return distinct.size() == options.strategies.size() ? Status() : fail(Code::usage, {"a strategy is named twice"});
}

void removeFile(const std::string& path)
{
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

} // namespace

Result<SimulationPlan> SimulationPlan::make(Project& project, SimulationOptions options)
{
    FOVEATE_CHECK(checkOptions(options, project.file().multiLabel));
    SimulationPlan plan;
    plan.m_options = std::move(options);
    FOVEATE_TRY(plan.m_parent, chooseRun(project, Need::pretrained, plan.m_options.run));
    FOVEATE_TRY(plan.m_options.training,
                trainingOptions(project.file(), plan.m_options.training, plan.m_parent.has_value()));
    FOVEATE_CHECK(plan.readProject(project));
    FOVEATE_CHECK(plan.chooseThreads());
    FOVEATE_CHECK(plan.enterFolder(project));
    return plan;
}

Status SimulationPlan::readProject(Project& project)
{
    if (!project.readOnly())
        FOVEATE_CHECK(ensurePack(project));
    m_packPath = project.packPath();
    RunWish wish;
    wish.job = "train";
    wish.options = m_options.training;
    wish.device = m_options.device;
    FOVEATE_TRY(m_snapshot, takeSnapshot(project, wish));
    FOVEATE_TRY(const References known, references(project));
    for (SnapshotSample& sample : m_snapshot.samples) {
        sample.label.reset();
        const auto reference = known.find(sample.id);
        if (reference == known.end())
            continue;
        m_truth.emplace(sample.row, reference->second);
        if (trains(sample.split))
            m_pool.push_back({sample.row, sample.id});
        else if (sample.split == Split::test)
            m_test.push_back({sample.row, sample.patient, reference->second});
    }
    std::sort(m_pool.begin(), m_pool.end(), [](const PoolItem& a, const PoolItem& b) { return a.id < b.id; });
    std::size_t needed = 0;
    for (int round = 0; round < m_options.rounds; ++round)
        needed += std::size_t(batchAfter(needed));
    if (m_truth.empty())
        return fail(Code::noTruth);
    if (m_test.empty())
        return fail(Code::needsLabels, {"0", "1", "import"});
    if (m_pool.size() < needed)
        return fail(Code::needsLabels, {std::to_string(m_pool.size()), std::to_string(needed), "import"});
    return {};
}

Status SimulationPlan::chooseThreads()
{
    const int total = m_options.threads > 0 ? m_options.threads : std::max(1, int(std::thread::hardware_concurrency()));
    if (m_options.engines < 1)
        m_options.engines = std::min(total, kMostEngines);
    m_options.threads = std::max(1, total / m_options.engines);
    m_snapshot.threads = m_options.threads;
    return {};
}

/// What must be equal for one simulation to go on where another ended.
nlohmann::json SimulationPlan::identity() const
{
    return {{"strategies", m_options.strategies},
            {"rounds", m_options.rounds},
            {"batch", m_options.batch},
            {"largest_batch", m_options.largestBatch},
            {"selecting", m_options.selecting},
            {"repeats", m_options.repeats},
            {"seed", m_options.seed},
            {"training", m_options.training},
            {"threads", m_options.threads},
            {"device", m_options.device},
            {"parent", m_parent ? m_parent->id : std::string()},
            {"samples", m_snapshot.samples.size()},
            {"project", m_snapshot.project}};
}

bool SimulationPlan::continues(const RunInfo& run) const
{
    if (run.job != "simulate" || run.finished)
        return false;
    const auto text = readFile(run.folder + "/input/simulation.json", kLargestNote);
    return text && nlohmann::json::parse(*text, nullptr, false) == identity();
}

Status SimulationPlan::enterFolder(Project& project)
{
    const std::vector<RunInfo> runs =
        m_options.resume == "newest" ? listRuns(project.runsFolder()) : std::vector<RunInfo>();
    const auto found = std::find_if(runs.rbegin(), runs.rend(), [&](const RunInfo& run) { return continues(run); });
    if (found != runs.rend()) {
        m_folder = found->folder;
    } else {
        FOVEATE_TRY(m_folder, newRunFolder(project.runsFolder(), "simulate"));
        FOVEATE_CHECK(makeFolder(m_folder + "/input"));
        FOVEATE_CHECK(writeFileAtomically(m_folder + "/input/simulation.json", identity().dump()));
    }
    FOVEATE_TRY(m_lock, store::Lock::acquire(m_folder + "/lock", store::thisOwner()));
    return makeFolder(m_folder + "/rounds");
}

std::int64_t SimulationPlan::roundCount() const
{
    const auto chains = std::int64_t(m_options.strategies.size()) * (m_options.rounds - 1);
    return m_options.repeats * (1 + chains);
}

std::string SimulationPlan::roundFolder(const RoundName& name) const
{
    const std::string strategy = name.strategy.empty() ? "start" : name.strategy;
    return m_folder + "/rounds/" + strategy + '-' + std::to_string(name.repeat) + '-' + std::to_string(name.round);
}

/// The same for all strategies of a repeat: what differs between them is the choice alone. 53 bits, so
/// that every JSON reader keeps it.
std::uint64_t SimulationPlan::seedFor(const char* purpose, const RoundName& name) const
{
    const std::uint64_t index = std::uint64_t(name.repeat) * 1'000'000 + std::uint64_t(name.round);
    return Random::derive(m_options.seed, purpose, index).next() >> 11;
}

int SimulationPlan::batchAfter(std::size_t labelled) const
{
    if (m_options.largestBatch == 0)
        return m_options.batch;
    return std::clamp(int(labelled), m_options.batch, m_options.largestBatch);
}

/// The first round is common to all strategies.
RoundName SimulationPlan::roundBefore(const RoundName& next) const
{
    return {next.round == 2 ? std::string() : next.strategy, next.repeat, next.round - 1};
}

bool SimulationPlan::needsSelection(const RoundName& next) const
{
    return next.round > 1 && next.round <= m_options.rounds &&
           !ranksAtOnce(next.strategy, m_options.selecting).value_or(true);
}

Result<std::vector<std::int64_t>> SimulationPlan::pick(const RoundName& next, const std::vector<std::int64_t>& labelled,
                                                       bool fromModel) const
{
    const std::unordered_set<std::int64_t> taken(labelled.begin(), labelled.end());
    std::vector<PoolItem> open;
    std::unordered_map<std::string, std::int64_t> rows;
    for (const PoolItem& item : m_pool) {
        if (taken.contains(item.row))
            continue;
        open.push_back(item);
        rows.emplace(item.id, item.row);
    }
    std::vector<SelectedItem> ranked;
    if (fromModel && needsSelection(next)) {
        FOVEATE_TRY(const Selection selection, readSelection({{}, selectionFolder(next)}));
        ranked = selection.items;
    } else {
        std::optional<RunArrays> arrays;
        if (fromModel) {
            FOVEATE_TRY(arrays, readRunArrays(roundFolder(roundBefore(next))));
        }
        FOVEATE_TRY(ranked, rankItems(fromModel ? next.strategy : "random", open, arrays ? &*arrays : nullptr,
                                      seedFor("simulate select", next), m_snapshot.multiLabel));
    }
    std::vector<std::int64_t> batch;
    const auto wanted = std::size_t(batchAfter(labelled.size()));
    for (std::size_t i = 0; i < std::min(ranked.size(), wanted); ++i) {
        const auto row = rows.find(ranked[i].id);
        if (row == rows.end())
            return fail(Code::notFound, {"sample", ranked[i].id});
        batch.push_back(row->second);
    }
    return batch;
}

/// All samples, with the labels that the oracle has said.
Snapshot SimulationPlan::snapshotWith(const std::vector<std::int64_t>& labelled) const
{
    const std::unordered_set<std::int64_t> said(labelled.begin(), labelled.end());
    Snapshot snapshot = m_snapshot;
    snapshot.pool.clear();
    for (SnapshotSample& sample : snapshot.samples)
        if (said.contains(sample.row))
            sample.label = m_truth.at(sample.row);
    for (const PoolItem& item : m_pool)
        if (!said.contains(item.row))
            snapshot.pool.push_back(item.row);
    return snapshot;
}

Status SimulationPlan::writeSelection(const RoundName& next, const std::vector<std::int64_t>& labelled) const
{
    const std::string folder = selectionFolder(next), before = roundFolder(roundBefore(next));
    if (readSnapshot(folder))
        return {};
    removeFile(folder);
    Snapshot snapshot = snapshotWith(labelled);
    snapshot.job = "select";
    snapshot.options = m_options.selecting;
    snapshot.options["strategy"] = next.strategy;
    snapshot.options["count"] = batchAfter(labelled.size());
    snapshot.seed = seedFor("simulate select", next);
    FOVEATE_CHECK(makeFolder(folder + "/input"));
    FOVEATE_CHECK(lendArrays(before, folder));
    return writeRunInput(folder, std::move(snapshot), m_packPath, before + "/weights.safetensors");
}

Status SimulationPlan::finishSelection(const RoundName& next) const
{
    return prune(selectionFolder(next));
}

Status SimulationPlan::writeRound(const RoundName& name, const std::vector<std::int64_t>& labelled) const
{
    const std::string folder = roundFolder(name);
    if (readSnapshot(folder))
        return {};
    removeFile(folder);
    Snapshot snapshot = snapshotWith(labelled);
    snapshot.seed = seedFor("simulate train", name);
    const auto weights = m_parent ? std::optional(m_parent->folder + "/weights.safetensors") : std::nullopt;
    return writeRunInput(folder, std::move(snapshot), m_packPath, weights);
}

Result<RoundOutcome> SimulationPlan::finishRound(const RoundName& name, std::optional<double> seconds) const
{
    const std::string folder = roundFolder(name);
    FOVEATE_TRY(const RunArrays arrays, readRunArrays(folder));
    FOVEATE_TRY(const score::Predictions predictions, predictionsFor(m_test, arrays, m_snapshot.multiLabel));
    FOVEATE_TRY(const score::Metrics metrics, score::metrics(predictions));
    RoundOutcome outcome{namedValues(metrics), seconds.value_or(0)};
    const auto note = readFile(folder + "/round.json", kLargestNote);
    const auto json = note ? nlohmann::json::parse(*note, nullptr, false) : nlohmann::json();
    if (!seconds && json.is_object() && json.contains("seconds") && json["seconds"].is_number())
        outcome.seconds = json["seconds"].get<double>();
    else
        FOVEATE_CHECK(writeFileAtomically(
            folder + "/round.json", nlohmann::json{{"seconds", outcome.seconds}, {"values", outcome.values}}.dump()));
    return outcome;
}

Status SimulationPlan::pruneRound(const RoundName& name) const
{
    return prune(roundFolder(name));
}

/// Keeps what repeats the choice (probabilities, lists) and what tells about it; the rest can be computed again.
Status SimulationPlan::prune(const std::string& folder) const
{
    if (m_options.keep || !fs::exists(folder + "/input/pack"))
        return {};
    for (const char* large : {"/checkpoints", "/features.npy", "/weights.safetensors", "/input/weights.safetensors",
                              "/input/rows.npy", "/input/probabilities.npy", "/input/features.npy", "/input/pack"})
        removeFile(folder + large);
    return writeManifest(folder, {"input"});
}

Status SimulationPlan::finish(const std::vector<SimulationRow>& rows) const
{
    const nlohmann::json json{{"simulation", identity()}, {"rows", toJson(rows)}};
    FOVEATE_CHECK(writeFileAtomically(m_folder + "/rows.json", json.dump()));
    return writeManifest(m_folder, {"rounds", "lock"});
}

} // namespace foveate::session
