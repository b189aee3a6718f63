// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/RunCommand.h"

#include "app/engine/Events.h"
#include "app/engine/ExitStatus.h"
#include "app/engine/StopSignal.h"
#include "app/engine/select/SelectJob.h"
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

Status runFolder(const std::string& folder, bool requireGpu, Events& events)
{
    std::error_code error;
    const std::string absolute = std::filesystem::absolute(folder, error).string();
    if (error || !std::filesystem::is_directory(absolute, error))
        return fail(Code::notFound, {"run", folder});
    learn::RunSettings settings;
    settings.requireGpu = requireGpu;
    learn::RunEvents told;
    told.progress = [&events](const Progress& progress) { events.progress(progress); };
    told.checkpointed = [&events](std::int64_t step) { events.checkpoint(step); };
    return learn::runEngine(absolute, makers(), settings, told, stopAsked);
}

} // namespace

int runCommand(const std::string& folder, bool requireGpu, int fd)
{
    catchStopSignals();
    Events events(fd);
    events.hello(learn::torchVersion());
    Status status;
    {
        const Heartbeat heartbeat(events);
        status = runFolder(folder, requireGpu, events);
    }
    if (status)
        events.done(folder);
    else
        events.failed(status.error());
    return exitStatus(status);
}

} // namespace foveate::engine
