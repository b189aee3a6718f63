// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainSetup.h"

namespace foveate::learn {

Result<ModelInfo> startOf(const RunContext& context, const std::string& model)
{
    const int channels = int(context.pack.shape().channels);
    ModelInfo info;
    info.model = model;
    info.channels = channels;
    info.size = int(context.pack.shape().size);
    info.normalisation = augment::usualNormalisation(channels);
    info.dtype = context.capability.dtype;
    if (!context.parent)
        return info;
    const std::string dtype = info.dtype;
    FOVEATE_TRY(info, infoOfParent(context.parent->metadata, std::move(info)));
    if (info.channels != channels)
        return fail(Code::wrongShape, {"channels", std::to_string(info.channels), std::to_string(channels)});
    info.dtype = dtype;
    return info;
}

Result<ModelInfo> chooseModel(const RunContext& context, const TrainOptions& options)
{
    FOVEATE_TRY(ModelInfo info, startOf(context, options.model));
    if (options.size > 0)
        info.size = options.size;
    info.classes = context.snapshot.classes;
    info.multiLabel = context.snapshot.multiLabel;
    info.hidden = options.hidden;
    info.method = "supervised";
    return info;
}

Result<Network> makeNetwork(const RunContext& context, const TrainOptions& options, const ModelInfo& info)
{
    FOVEATE_TRY(Network network, Network::create(info.model, int(info.classes.size()), context.snapshot.seed,
                                                 dropoutOf(options, info.model), info.hidden));
    network.setMultiLabel(info.multiLabel);
    if (context.parent)
        FOVEATE_CHECK(network.load(context.parent->tensors, false));
    return network;
}

Result<augment::Preset> choosePreset(const TrainOptions& options, int channels)
{
    if (!options.augment.is_null())
        return augment::presetFromJson(options.augment);
    return augment::preset(channels == 1 ? "grey-weak" : "histology-weak");
}

} // namespace foveate::learn
