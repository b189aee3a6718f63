// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/RunCommand.h"

#include "app/engine/Events.h"
#include "app/engine/ExitStatus.h"
#include "app/engine/LocalRanks.h"
#include "app/engine/StopSignal.h"
#include "app/engine/select/SelectJob.h"
#include "base/Log.h"
#include "explain/ExplainJob.h"
#include "learn/EmbedJob.h"
#include "learn/EngineRun.h"
#include "learn/PredictJob.h"
#include "learn/TrainJob.h"
#include "learn/ssl/PretrainJob.h"
#include "learn/ssl/ViewsJob.h"

#include <filesystem>

namespace foveate::engine {
namespace {

learn::JobMakers makers()
{
    return {{"pretrain", learn::ssl::makePretrainJob},
            {"views", learn::ssl::makeViewsJob},
            {"train", learn::makeTrainJob},
            {"predict", learn::makePredictJob},
            {"embed", learn::makeEmbedJob},
            {"explain", explain::makeExplainJob},
            {"select", makeSelectJob}};
}

Status runFolder(const RunOptions& options, const learn::Ranks& ranks, const learn::RunEvents& told)
{
    std::error_code error;
    const std::string absolute = std::filesystem::absolute(options.folder, error).string();
    if (error || !std::filesystem::is_directory(absolute, error))
        return fail(Code::notFound, {"run", options.folder});
    std::unique_ptr<LocalRanks> others;
    learn::RunSettings settings;
    settings.requireGpu = options.requireGpu;
    settings.ranks = ranks;
    settings.processes = options.processes;
    settings.startRanks = [&](int processes) -> Result<learn::Ranks> {
        FOVEATE_TRY(others, LocalRanks::start(absolute, processes));
        return others->first();
    };
    settings.othersLive = [&others] { return !others || others->allLive(); };
    return learn::runEngine(absolute, makers(), settings, told, stopAsked);
}

/// One of several ranks that is not the first: the run's events are told by that one.
int follow(const RunOptions& options, const learn::Ranks& ranks)
{
    const Status status = runFolder(options, ranks, {});
    if (!status && status.error().code != Code::cancelled)
        log::warning("rank " + std::to_string(ranks.rank) + ": " + std::string(name(status.error().code)));
    return exitStatus(status);
}

} // namespace

int runCommand(const RunOptions& options, int fd)
{
    catchStopSignals();
    const Result<learn::Ranks> ranks = learn::ranksFromEnvironment();
    if (ranks && !ranks->isFirst())
        return follow(options, *ranks);
    Events events(fd);
    events.hello(learn::torchVersion());
    Status status;
    if (!ranks) {
        status = tl::unexpected<Error>(ranks.error());
    } else {
        const Heartbeat heartbeat(events);
        learn::RunEvents told;
        told.progress = [&events](const Progress& progress) { events.progress(progress); };
        told.checkpointed = [&events](std::int64_t step) { events.checkpoint(step); };
        status = runFolder(options, *ranks, told);
    }
    if (status)
        events.done(options.folder);
    else
        events.failed(status.error());
    return exitStatus(status);
}

} // namespace foveate::engine
