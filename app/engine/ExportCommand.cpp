// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/ExportCommand.h"

#include "app/engine/ExitStatus.h"
#include "learn/Exceptions.h"
#include "learn/TorchScript.h"
#include "learn/TrainedNetwork.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace foveate::engine {
namespace {

Status exportNetwork(const std::string& path, const std::string& target)
{
    FOVEATE_TRY(const learn::Weights weights, learn::readSafetensors(path));
    FOVEATE_TRY(const learn::ModelInfo info, learn::infoFromMetadata(weights.metadata));
    FOVEATE_TRY(learn::Network network, learn::networkOf(weights, info));
    return learn::writeTorchScript(target, network, info);
}

} // namespace

int exportCommand(const std::string& weights, const std::string& target)
{
    const Status outcome = learn::guarded([&] { return exportNetwork(weights, target); });
    const nlohmann::json line =
        outcome ? nlohmann::json{{"target", target}}
                : nlohmann::json{{"code", name(outcome.error().code)}, {"args", outcome.error().args}};
    std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return exitStatus(outcome);
}

} // namespace foveate::engine
