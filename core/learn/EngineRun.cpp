// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/EngineRun.h"

#include "base/AtomicFile.h"
#include "base/Log.h"
#include "base/Manifest.h"
#include "base/Sha256.h"
#include "base/Text.h"
#include "learn/CheckpointWriter.h"
#include "learn/Exceptions.h"
#include "learn/RunJob.h"
#include "learn/ranks/SharedCheckpoint.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>

namespace foveate::learn {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr double kProgressSeconds = .1;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The guard against leaks: one patient never stands in training and in a held-out split (Tampu 2022: 5–30 points).
Status checkPatients(const Snapshot& snapshot)
{
    std::map<std::int64_t, Split> sides;
    for (const SnapshotSample& sample : snapshot.samples) {
        const auto [place, isNew] = sides.emplace(sample.patient, sample.split);
        if (!isNew && place->second != sample.split)
            return fail(Code::patientSplit, {std::to_string(sample.patient), std::string(name(place->second)),
                                             std::string(name(sample.split))});
    }
    return {};
}

/// A path inside input/ and nowhere else.
Result<std::string> inputPath(const std::string& folder, const std::string& relative)
{
    const fs::path path(relative);
    const bool climbs = std::any_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
    if (relative.empty() || path.is_absolute() || climbs)
        return fail(Code::badInput, {"snapshot.json", "path " + printable(relative)});
    return folder + "/input/" + relative;
}

Result<json> readRunJson(const std::string& folder)
{
    FOVEATE_TRY(const std::string text, readFile(folder + "/run.json", std::size_t(16) << 20));
    json run = json::parse(text, nullptr, false);
    if (!run.is_object() || !run.contains("capability"))
        return fail(Code::badInput, {"run.json", "capability"});
    return run;
}

std::string dtypeWish(const Snapshot& snapshot, const std::optional<Weights>& parent)
{
    if (snapshot.dtype != "auto" || !parent)
        return snapshot.dtype;
    const auto own = parent->metadata.find("dtype");
    return own != parent->metadata.end() ? own->second : snapshot.dtype;
}

/// The maps' own passes and the small updates of a selection are written for processors.
bool gpuServes(const std::string& job)
{
    return job == "pretrain" || job == "train" || job == "predict" || job == "embed";
}

/// What an earlier start of this run decided, else a new decision.
Result<Capability> chooseCapability(const std::string& folder, const Snapshot& snapshot,
                                    const std::optional<Weights>& parent, const Ranks& ranks, bool requireGpu)
{
    if (fs::exists(folder + "/run.json")) {
        FOVEATE_TRY(const json run, readRunJson(folder));
        return capabilityFromJson(run["capability"]);
    }
    // The number type goes on as the parent's; that each operation be PyTorch's only this run itself can ask for.
    const bool fastLayers = snapshot.dtype != "float32";
    FOVEATE_TRY(Capability capability,
                decideCapability({snapshot.device, dtypeWish(snapshot, parent), snapshot.threads, requireGpu,
                                  gpuServes(snapshot.job), fastLayers, ranks.local}));
    capability.ranks = ranks.count;
    return capability;
}

/// The first rank's choice: on another processor, another would be made.
Result<Capability> agreeOnCapability(const RunContext& context, const Ranks& ranks, bool requireGpu)
{
    const auto choose = [&] {
        return chooseCapability(context.folder, context.snapshot, context.parent, ranks, requireGpu);
    };
    if (!context.group)
        return choose();
    if (!context.group->isFirst())
        return capabilityFromJson(json::parse(context.group->shared({})));
    FOVEATE_TRY(const Capability chosen, choose());
    context.group->shared(toJson(chosen).dump());
    return chosen;
}

Result<RunContext> openContext(const std::string& folder, const RunSettings& settings)
{
    RunContext context;
    context.folder = folder;
    FOVEATE_TRY(context.snapshot, readSnapshot(folder));
    FOVEATE_CHECK(checkPatients(context.snapshot));
    FOVEATE_TRY(const std::string packPath, inputPath(folder, context.snapshot.pack));
    FOVEATE_TRY(context.pack, Pack::open(packPath));
    if (context.snapshot.parent) {
        FOVEATE_TRY(const std::string weightsPath, inputPath(folder, *context.snapshot.parent));
        FOVEATE_TRY(context.parent, readSafetensors(weightsPath));
    }
    Ranks ranks = settings.ranks;
    const int processes = settings.processes > 0 ? settings.processes : context.snapshot.processes;
    if (ranks.count == 1 && processes > 1) {
        FOVEATE_TRY(ranks, settings.startRanks(processes));
    }
    if (ranks.count > 1) {
        FOVEATE_TRY(context.group, Group::join(ranks, settings.othersLive));
    }
    FOVEATE_TRY(context.capability, agreeOnCapability(context, ranks, settings.requireGpu));
    return context;
}

Status writeRunJson(const std::string& folder, const Snapshot& snapshot, const Capability& capability,
                    const json& options)
{
    if (fs::exists(folder + "/run.json"))
        return {};
    std::vector<std::string> names{"snapshot.json"};
    if (snapshot.parent)
        names.push_back(*snapshot.parent);
    json inputs = json::object();
    const std::string place = folder + "/input/";
    for (const std::string& name : names) {
        FOVEATE_TRY(const Digest digest, sha256File(place + name));
        inputs[name] = hex(digest);
    }
    const json run = {{"format", 1},
                      {"program", "foveate-engine"},
                      {"versions", {{"engine", FOVEATE_VERSION}, {"torch", torchVersion()}}},
                      {"job", snapshot.job},
                      {"options", options},
                      {"seed", snapshot.seed},
                      {"parent", snapshot.parent ? json(*snapshot.parent) : json()},
                      {"inputs", inputs},
                      {"processor", describeProcessor(capability)},
                      {"event_heads", snapshot.eventHeads},
                      {"capability", toJson(capability)},
                      {"started", isoTimeUtc()}};
    return writeFileAtomically(folder + "/run.json", run.dump(1) + "\n");
}

/// Lines of steps that the checkpoint does not hold will be written again.
Status cutMetrics(const std::string& folder, std::int64_t lastStep)
{
    const std::string path = folder + "/metrics.jsonl";
    if (!fs::exists(path))
        return {};
    FOVEATE_TRY(const std::string text, readFile(path));
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        const json parsed = json::parse(line, nullptr, false);
        if (parsed.is_object() && parsed.value("step", lastStep + 1) <= lastStep)
            kept += line + "\n";
    }
    return writeFileAtomically(path, kept);
}

/// Drives one job: stop, progress, checkpoints.
class Driver {
public:
    /// `group` (may be null): the ranks that take the job's shared steps together.
    Driver(const std::string& folder, RunJob& job, const Group* group, const RunSettings& settings,
           const RunEvents& events, const std::atomic<bool>& stop)
        : m_job(job), m_group(group), m_first(isFirst(group)), m_settings(settings), m_events(events), m_stop(stop),
          m_writer(folder)
    {}

    Status drive()
    {
        for (Step step = Step::more; step == Step::more;) {
            if (!m_first && !m_job.isShared())
                return {};
            if (isToStop())
                return m_first ? stopped() : fail(Code::cancelled);
            FOVEATE_TRY(step, m_job.step());
            tell(step == Step::done);
            if (!m_writer.isIdle() && m_writer.isWritten())
                FOVEATE_CHECK(finishWriting());
            if (step == Step::more && m_first && m_writer.isIdle() && isTimeToSave())
                FOVEATE_CHECK(beginWriting());
        }
        return finishWriting();
    }

private:
    /// On one rank asked, all stop after the same step.
    bool isToStop() const
    {
        const bool asked = m_stop.load();
        return m_group != nullptr && m_job.isShared() ? m_group->any(asked) : asked;
    }

    Status stopped()
    {
        FOVEATE_CHECK(finishWriting());
        FOVEATE_CHECK(beginWriting());
        FOVEATE_CHECK(finishWriting());
        return fail(Code::cancelled);
    }

    bool isTimeToSave() const
    {
        const double since = secondsSince(m_lastSave), cost = m_writer.seconds();
        if (m_job.atBoundary() && cost <= m_settings.checkpointShare * since)
            return true;
        // On a crowded machine saving may take longer than the steps in between: it never takes more than a fifth of
        // the time.
        return since >= std::max(m_settings.checkpointSeconds, 4 * cost);
    }

    Status beginWriting()
    {
        m_lastSave = Clock::now();
        FOVEATE_TRY(std::optional<Checkpoint> checkpoint, m_job.checkpoint());
        if (!checkpoint)
            return {};
        m_stepWritten = m_job.progress().step;
        Status begun = m_writer.begin(std::move(*checkpoint));
        if (!begun && begun.error().code == Code::nonFinite) {
            log::warning("weights not finite: no checkpoint");
            return {};
        }
        return begun;
    }

    Status finishWriting()
    {
        if (m_writer.isIdle())
            return {};
        FOVEATE_CHECK(m_writer.finish());
        if (m_events.checkpointed)
            m_events.checkpointed(m_stepWritten);
        return {};
    }

    void tell(bool last)
    {
        if (!m_events.progress || (!last && secondsSince(m_lastTold) < kProgressSeconds))
            return;
        m_lastTold = Clock::now();
        m_events.progress(m_job.progress());
    }

    RunJob& m_job;
    const Group* m_group;
    bool m_first;
    const RunSettings& m_settings;
    const RunEvents& m_events;
    const std::atomic<bool>& m_stop;
    CheckpointWriter m_writer;
    std::int64_t m_stepWritten = 0; ///< as progress counts, of the checkpoint in work
    Clock::time_point m_lastSave = Clock::now();
    Clock::time_point m_lastTold{};
};

Status finish(const std::string& folder, const RunJob& job)
{
    FOVEATE_CHECK(writeFileAtomically(folder + "/result.json", job.result().dump(1) + "\n"));
    FOVEATE_CHECK(writeManifest(folder, {"checkpoints"}));
    if (!job.keepsCheckpoints()) {
        std::error_code ignored;
        fs::remove_all(folder + "/checkpoints", ignored);
    }
    return {};
}

Status restore(const std::string& folder, const Group* group, RunJob& job)
{
    FOVEATE_TRY(const std::optional<Checkpoint> checkpoint, newestCheckpoint(folder, group));
    if (isFirst(group))
        FOVEATE_CHECK(cutMetrics(folder, checkpoint ? checkpoint->step : -1));
    return checkpoint ? job.restore(*checkpoint) : Status();
}

Status run(const std::string& folder, const JobMakers& makers, const RunSettings& settings, const RunEvents& events,
           const std::atomic<bool>& stop)
{
    FOVEATE_TRY(RunContext context, openContext(folder, settings));
    const auto maker = makers.find(context.snapshot.job);
    if (maker == makers.end())
        return fail(Code::badInput, {"snapshot.json", "job " + printable(context.snapshot.job)});
    FOVEATE_CHECK(applyCapability(context.capability, context.group ? context.group->place() : 0));
    if (context.group && context.capability.onGpu())
        FOVEATE_CHECK(context.group->useGpus());
    const Snapshot snapshot = context.snapshot;
    const Capability capability = context.capability;
    const std::shared_ptr<const Group> group = context.group;
    FOVEATE_TRY(const std::unique_ptr<RunJob> job, maker->second(std::move(context)));
    const bool first = isFirst(group.get());
    if (first)
        FOVEATE_CHECK(writeRunJson(folder, snapshot, capability, job->resolvedOptions()));
    FOVEATE_CHECK(restore(folder, group.get(), *job));
    FOVEATE_CHECK(Driver(folder, *job, group.get(), settings, events, stop).drive());
    return first ? finish(folder, *job) : Status();
}

} // namespace

Status runEngine(const std::string& runFolder, const JobMakers& makers, const RunSettings& settings,
                 const RunEvents& events, const std::atomic<bool>& stop)
{
    if (hasManifest(runFolder))
        return {};
    return guarded([&] { return run(runFolder, makers, settings, events, stop); });
}

} // namespace foveate::learn
