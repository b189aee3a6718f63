// SPDX-License-Identifier: GPL-3.0-or-later
// Pre-training runs small enough for tests: striped pictures that a tiny network sees for a few epochs.
#pragma once

#include "base/AtomicFile.h"
#include "base/Pack.h"
#include "base/Random.h"
#include "base/RunFolder.h"
#include "learn/EngineRun.h"
#include "learn/ssl/PretrainJob.h"

#include <QString>
#include <cmath>
#include <memory>

namespace foveate::learn::ssl {

using nlohmann::json;

inline constexpr int kSize = 24;
inline constexpr int kTraining = 20, kHeldOut = 8, kAll = kTraining + kHeldOut;

/// Class 0: stripes across, class 1: stripes down, each at its own phase and strength.
inline std::vector<std::uint8_t> stripes(int image)
{
    Random random = Random::derive(9, "stripes", std::uint64_t(image));
    const double phase = random.uniform(0, 6), strength = random.uniform(40, 120);
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < kSize; ++y)
        for (int x = 0; x < kSize; ++x)
            pixels.push_back(
                std::uint8_t(128 + strength * std::sin(phase + .9 * (image % 2 == 0 ? x : y)) + random.uniform(0, 7)));
    return pixels;
}

struct Setting {
    json options = json::object();
    int images = kAll;
    int training = kTraining;
    bool equal = false;          ///< one picture for all
    bool heldOutPainted = false; ///< other pictures in the held-out splits
    bool truth = false;
};

inline json quick(json changes = json::object())
{
    json options = {{"model", "tiny"}, {"size", 16}, {"epochs", 3}, {"batch", 8}};
    options.update(changes);
    return options;
}

inline Status writePack(const std::string& path, const Setting& setting)
{
    FOVEATE_TRY(PackWriter pack, PackWriter::open(path, {kSize, 1}));
    for (int i = 0; i < setting.images; ++i) {
        std::vector<std::uint8_t> pixels = stripes(setting.equal ? 0 : i);
        if (setting.heldOutPainted && i >= setting.training)
            pixels.assign(pixels.size(), 200);
        FOVEATE_TRY(const std::size_t row, pack.append({}, pixels));
        (void)row;
    }
    return pack.commit();
}

/// A run folder as `foveate` would write it.
inline Status prepare(const std::string& folder, const Setting& setting)
{
    FOVEATE_CHECK(makeFolder(folder + "/input"));
    FOVEATE_CHECK(writePack(folder + "/input/pack", setting));
    Snapshot snapshot;
    snapshot.project = "8f7c0000-0000-4000-8000-000000000001";
    snapshot.classes = {"across", "down"};
    snapshot.modality = "xray";
    snapshot.job = "pretrain";
    snapshot.options = setting.options;
    snapshot.seed = 5;
    snapshot.threads = 1;
    snapshot.dtype = "float32";
    snapshot.device = "cpu";
    std::vector<std::pair<std::int64_t, int>> truth;
    for (int i = 0; i < setting.images; ++i) {
        SnapshotSample sample;
        sample.row = i;
        sample.id = "00000000000000" + std::to_string(10 + i);
        sample.patient = i;
        sample.split = i < setting.training ? Split::train : Split::test;
        snapshot.samples.push_back(sample);
        truth.emplace_back(i, i % 2);
    }
    if (setting.truth)
        FOVEATE_CHECK(writeTruth(folder, truth));
    return writeSnapshot(folder, snapshot);
}

/// Asks to stop after so many steps of the job inside.
class StoppedAfter : public RunJob {
public:
    StoppedAfter(std::unique_ptr<RunJob> job, int steps, std::atomic<bool>& stop)
        : m_job(std::move(job)), m_left(steps), m_stop(stop)
    {}
    Result<Step> step() override
    {
        m_stop = --m_left <= 0;
        return m_job->step();
    }
    Progress progress() const override { return m_job->progress(); }
    Result<std::optional<Checkpoint>> checkpoint() const override { return m_job->checkpoint(); }
    Status restore(const Checkpoint& checkpoint) override { return m_job->restore(checkpoint); }
    json resolvedOptions() const override { return m_job->resolvedOptions(); }
    json result() const override { return m_job->result(); }
    bool atBoundary() const override { return m_job->atBoundary(); }
    bool keepsCheckpoints() const override { return m_job->keepsCheckpoints(); }

private:
    std::unique_ptr<RunJob> m_job;
    int m_left;
    std::atomic<bool>& m_stop;
};

/// Runs until the end, or for so many steps; checkpoints only when stopped.
inline Status run(const std::string& folder, int steps = 1000000)
{
    std::atomic<bool> stop{false};
    RunEvents events;
    events.progress = [](const Progress&) {};
    events.checkpointed = [](std::int64_t) {};
    RunSettings settings;
    settings.checkpointSeconds = 1000;
    settings.checkpointShare = -1;
    const JobMaker maker = [&](RunContext context) -> Result<std::unique_ptr<RunJob>> {
        FOVEATE_TRY(auto job, makePretrainJob(std::move(context)));
        return std::unique_ptr<RunJob>(std::make_unique<StoppedAfter>(std::move(job), steps, stop));
    };
    return runEngine(folder, {{"pretrain", maker}}, settings, events, stop);
}

inline Status prepareAndRun(const std::string& folder, const Setting& setting)
{
    FOVEATE_CHECK(prepare(folder, setting));
    return run(folder);
}

inline std::string content(const std::string& path)
{
    return readFile(path).value_or("unreadable: " + path);
}

inline json document(const std::string& path)
{
    return json::parse(content(path), nullptr, false);
}

inline QString words(const Status& status)
{
    return status ? QString("done") : QString::fromStdString(describe(status.error()));
}

} // namespace foveate::learn::ssl
