// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainedNetwork.h"

#include <algorithm>

namespace foveate::learn {
namespace {

std::string joined(const std::vector<std::string>& names)
{
    return nlohmann::json(names).dump();
}

} // namespace

Result<Network> networkOf(const Weights& weights, const ModelInfo& info)
{
    FOVEATE_TRY(Network network, Network::create(info.model, int(info.classes.size()), 1, {}, info.hidden));
    network.setMultiLabel(info.multiLabel);
    FOVEATE_CHECK(network.load(weights.tensors));
    network.useChannelsLast();
    network.train(false);
    return network;
}

Result<TrainedNetwork> openTrainedNetwork(const RunContext& context, bool needsHead)
{
    if (!context.parent)
        return fail(Code::needsTraining, {needsHead ? "train" : "pretrain"});
    FOVEATE_TRY(const ModelInfo info, infoFromMetadata(context.parent->metadata));
    if (needsHead && info.classes.empty())
        return fail(Code::needsTraining, {"train"});
    if (!info.classes.empty() && info.classes != context.snapshot.classes)
        return fail(Code::wrongShape, {"classes", joined(info.classes), joined(context.snapshot.classes)});
    if (!info.classes.empty() && info.multiLabel != context.snapshot.multiLabel)
        return fail(Code::wrongShape, {"classes", info.multiLabel ? "several an image" : "one an image",
                                       context.snapshot.multiLabel ? "several an image" : "one an image"});
    const int channels = int(context.pack.shape().channels);
    if (info.channels != channels)
        return fail(Code::wrongShape, {"channels", std::to_string(info.channels), std::to_string(channels)});
    FOVEATE_TRY(Network network, networkOf(*context.parent, info));
    network.moveTo(deviceOf(context.capability));
    std::vector<std::int64_t> rows = rowsOf(context.snapshot);
    FOVEATE_TRY(PackBatches batches, PackBatches::create(context.pack, rows, info.size, info.normalisation,
                                                         context.capability.threads, deviceOf(context.capability)));
    return TrainedNetwork{info, std::move(network), std::move(batches), std::move(rows)};
}

} // namespace foveate::learn
