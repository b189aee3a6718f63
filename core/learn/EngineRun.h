// SPDX-License-Identifier: GPL-3.0-or-later
// EngineRun: one run folder from its snapshot to its manifest: the loop around a job's steps.
//
// Reads only the run folder, writes only into it. run.json comes first and is kept on resume; a checkpoint is written
// at the end of an epoch and every five seconds (epochs so short that saving would cost more than a tenth of the time
// share one), while the job goes on; MANIFEST.json comes last. A finished folder is left alone. Stop asked for:
// checkpoint, then cancelled. No LibTorch type here.
//
// Of several ranks each calls it on the same folder; the first decides how all compute, and alone it writes. A job that
// they cannot share, and the part of a training that follows the last epoch, is the first's; the others are done then.
#pragma once

#include "base/Job.h"
#include "base/Result.h"
#include "learn/ranks/Ranks.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace foveate::learn {

struct RunContext;
class RunJob;

/// What the driver tells; called on the running thread. Progress comes at most ten times a second, the last one always.
struct RunEvents {
    std::function<void(const Progress&)> progress;
    std::function<void(std::int64_t step)> checkpointed;
};

struct RunSettings {
    bool requireGpu = false;
    Ranks ranks;       ///< this process among those that train together, as it was started
    int processes = 0; ///< that train together on this machine; 0: as many as the snapshot says
    /// Starts the others, and says who this one is among them; asked when this one was started alone.
    std::function<Result<Ranks>(int processes)> startRanks;
    /// False as soon as one of those started has ended.
    std::function<bool()> othersLive;
    double checkpointSeconds = 5; ///< longest time between two checkpoints
    double checkpointShare = .1;  ///< part of the time that saving at the end of epochs may take; 1: after every epoch
};

/// REQUIRES: one run at a time in a process. `stop` may be set by a signal handler. Errors: those of the snapshot, the
/// pack, the weights and the job; cancelled after a checkpoint on stop; patientSplit when a patient is in training and
/// in a held-out split; rankLost when another rank ended before its time.
Status runEngine(const std::string& runFolder,
                 const std::map<std::string, std::function<Result<std::unique_ptr<RunJob>>(RunContext)>>& makers,
                 const RunSettings& settings, const RunEvents& events, const std::atomic<bool>& stop);

} // namespace foveate::learn
