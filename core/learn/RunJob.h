// SPDX-License-Identifier: GPL-3.0-or-later
// RunJob: a job of the engine inside a run folder, and what it is given to work with.
//
// A maker is called with the context, then restore() when there is a checkpoint, then step() until it says done. A job
// writes its arrays itself (weights.safetensors, probabilities.npy …) before it says done; run.json, result.json and
// the manifest are the driver's (EngineRun.h). REQUIRES of every job: the same seed, threads and dtype give the same
// bytes, and a job restored from any of its checkpoints ends with the bytes of an unbroken run.
#pragma once

#include "base/Job.h"
#include "base/Pack.h"
#include "base/RunFolder.h"
#include "learn/Checkpoint.h"
#include "learn/Device.h"

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace foveate::learn {

class Group;

struct RunContext {
    std::string folder; ///< the run folder, absolute
    Snapshot snapshot;
    Pack pack;
    Capability capability;
    std::optional<Weights> parent; ///< the parent's weights, when the snapshot names one

    std::shared_ptr<Group> group; ///< the ranks that train together; null: this process alone

    /// usage (args: "processes") when a batch of n images is too small for every rank to have two.
    Status checkShares(std::size_t n) const;
    /// One line of metrics.jsonl, e.g. {"epoch":1,"step":5,"loss":.7}; the first rank writes it. Lines past the step of
    /// a checkpoint are cut on resume.
    Status logMetrics(const nlohmann::json& line) const;
};

class RunJob : public Job {
public:
    /// What the same sequence of steps goes on from; nothing when starting anew costs less. Its tensors may be the
    /// job's own: they are copied before the next step.
    virtual Result<std::optional<Checkpoint>> checkpoint() const = 0;
    /// Goes on from `checkpoint`; corrupt or wrongShape when it is not this job's.
    virtual Status restore(const Checkpoint& checkpoint) = 0;
    /// All options with the values in force, for run.json.
    virtual nlohmann::json resolvedOptions() const = 0;
    /// The job's figures for result.json, after the last step.
    virtual nlohmann::json result() const = 0;
    /// True right after a step that ended an epoch: a good moment for a checkpoint.
    virtual bool atBoundary() const = 0;
    /// Whether the checkpoints of a finished run are of use; otherwise they are removed with the manifest written.
    virtual bool keepsCheckpoints() const { return true; }
    /// Whether the coming step is one that all ranks take; where it is not, the first goes on alone. All of them give
    /// the same answer.
    virtual bool isShared() const { return false; }
};

using JobMaker = std::function<Result<std::unique_ptr<RunJob>>(RunContext context)>;
/// By the snapshot's job: "pretrain", "train", "predict", "embed", "explain".
using JobMakers = std::map<std::string, JobMaker>;

} // namespace foveate::learn
