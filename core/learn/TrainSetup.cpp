// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainSetup.h"

namespace foveate::learn {

Result<ModelInfo> chooseModel(const RunContext& context, const TrainOptions& options)
{
    ModelInfo info;
    info.model = options.model;
    info.channels = int(context.pack.shape().channels);
    info.size = int(context.pack.shape().size);
    info.normalisation = augment::usualNormalisation(info.channels);
    if (context.parent) {
        FOVEATE_TRY(info, infoOfParent(context.parent->metadata, info));
        if (info.channels != int(context.pack.shape().channels))
            return fail(Code::wrongShape,
                        {"channels", std::to_string(info.channels), std::to_string(context.pack.shape().channels)});
    }
    if (options.size > 0)
        info.size = options.size;
    info.classes = context.snapshot.classes;
    info.hidden = options.hidden;
    info.method = "supervised";
    info.dtype = context.capability.dtype;
    return info;
}

Result<augment::Preset> choosePreset(const TrainOptions& options, int channels)
{
    if (!options.augment.is_null())
        return augment::presetFromJson(options.augment);
    return augment::preset(channels == 1 ? "grey-weak" : "histology-weak");
}

} // namespace foveate::learn
