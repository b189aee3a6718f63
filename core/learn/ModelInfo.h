// SPDX-License-Identifier: GPL-3.0-or-later
// ModelInfo: what weights.safetensors says about itself in `__metadata__`: enough to use it without its run.
#pragma once

#include "base/Result.h"
#include "learn/PackBatches.h"
#include "learn/Safetensors.h"

#include <string>
#include <vector>

namespace foveate::learn {

struct ModelInfo {
    std::string model = "resnet18";
    int size = 224;
    int channels = 1;
    std::vector<std::string> classes; ///< in the order of the logits; empty: no head
    bool multiLabel = false;          ///< each class is asked for itself
    int hidden = 0;                   ///< width of the layer before the head's linear one (P3's probe); 0: none
    Normalisation normalisation;
    std::string method;            ///< "simclr", "supervised" …
    std::string dtype = "float32"; ///< of the training passes; runs on these weights keep it
};

/// Keys model, size, channels, classes, mean, std, method, dtype; hidden and labels ("several") where they apply; lists
/// as JSON text.
Metadata toMetadata(const ModelInfo& info);
/// badInput (args: "weights", key) when a key is missing or cannot be understood.
Result<ModelInfo> infoFromMetadata(const Metadata& metadata);
/// The same of weights to start from, which may be another program's and say nothing of themselves: then `otherwise`
/// with ImageNet's normalisation, as shared weights are made (grey images: the mean of its three channels).
Result<ModelInfo> infoOfParent(const Metadata& metadata, ModelInfo otherwise);

} // namespace foveate::learn
