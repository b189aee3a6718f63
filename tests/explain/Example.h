// SPDX-License-Identifier: GPL-3.0-or-later
// Networks and images by a formula for the tests of explain/, the twins of reference/explain.py's.
#pragma once

#include "base/Npy.h"
#include "explain/Explainer.h"
#include "learn/FormulaWeights.h"

#include <QtGlobal>
#include <string>

namespace foveate::explain {

/// Every seventh scale of a batch norm turned negative, so that what folds it must fold the sign too.
inline learn::TensorMap negativeScales(learn::TensorMap weights)
{
    for (auto& [name, tensor] : weights) {
        if (tensor.dim() != 1 || !name.ends_with(".weight"))
            continue;
        for (std::int64_t i = 3; i < tensor.numel(); i += 7)
            tensor[i] *= -1;
    }
    return weights;
}

inline learn::Network exampleNetwork(const std::string& model, int classes = 3, bool negative = true)
{
    learn::Network network = *learn::Network::create(model, classes, 1);
    const learn::TensorMap weights = learn::formulaWeights(network);
    if (!network.load(negative ? negativeScales(weights) : weights))
        qFatal("the formula's weights do not load");
    network.useChannelsLast();
    network.train(false);
    return network;
}

/// In [-1, 1]: with the mean and deviation .5 that this is normalised by, from black to white.
inline at::Tensor exampleImages(std::int64_t count = 2, std::int64_t size = 64)
{
    return learn::formulaTensor("colour", {count, 3, size, size});
}

inline at::Tensor referenceMaps(const std::string& file)
{
    const auto array = readNpy<float>(FOVEATE_SOURCE_DIR "/tests/" + file);
    if (!array)
        return {};
    std::vector<std::int64_t> shape(array->shape.begin(), array->shape.end());
    return at::tensor(array->data, at::kFloat).reshape(shape);
}

/// The least correlation of the maps of two sets.
inline double correlation(const at::Tensor& one, const at::Tensor& other)
{
    const auto centred = [](const at::Tensor& maps) {
        const at::Tensor flat = maps.flatten(1).to(at::kDouble);
        return flat - flat.mean(1, true);
    };
    const at::Tensor a = centred(one), b = centred(other);
    return ((a * b).sum(1) / (a.square().sum(1) * b.square().sum(1)).sqrt()).min().item<double>();
}

} // namespace foveate::explain
