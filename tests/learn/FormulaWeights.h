// SPDX-License-Identifier: GPL-3.0-or-later
// Weights by a formula, the twin of reference/network.py's fill(): a whole network without a file of it.
#pragma once

#include "learn/Network.h"

#include <cmath>
#include <cstdint>
#include <string>

namespace foveate::learn {

inline at::Tensor formulaTensor(const std::string& name, at::IntArrayRef shape, double scale = 1, double offset = 0)
{
    std::uint32_t hash = 0x811c9dc5;
    for (const char c : name)
        hash = (hash ^ std::uint8_t(c)) * 0x01000193;
    at::Tensor tensor = at::empty(shape, at::kFloat);
    float* values = tensor.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
        std::uint32_t x = std::uint32_t(i) * 2654435761U + hash;
        for (int round = 0; round < 2; ++round)
            x = (x ^ x >> 16) * 0x45d9f3b;
        values[i] = float((double(x ^ x >> 16) / 2147483648.0 - 1) * scale + offset);
    }
    return tensor;
}

inline TensorMap formulaWeights(const TensorMap& state)
{
    TensorMap weights;
    for (const auto& [name, tensor] : state) {
        const bool spread = name.ends_with("running_var") || (name.ends_with(".weight") && tensor.dim() == 1);
        if (name.ends_with("num_batches_tracked"))
            weights[name] = at::tensor(7, at::kLong).reshape({});
        else if (tensor.dim() == 4)
            weights[name] = formulaTensor(name, tensor.sizes(), std::sqrt(6.0 / double(tensor[0].numel())));
        else if (tensor.dim() == 2)
            weights[name] = formulaTensor(name, tensor.sizes(), 1 / std::sqrt(double(tensor.size(1))));
        else
            weights[name] = formulaTensor(name, tensor.sizes(), spread ? .2 : .1, spread ? 1 : 0);
    }
    return weights;
}

inline TensorMap formulaWeights(const Network& network)
{
    return formulaWeights(network.state());
}

} // namespace foveate::learn
