// SPDX-License-Identifier: GPL-3.0-or-later
// Weights by a formula, the twin of reference/network.py's fill(): a whole ResNet without a file of it.
#pragma once

#include "learn/Network.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace foveate::learn {

inline std::vector<double> formulaNoise(const std::string& name, std::int64_t count)
{
    std::uint32_t hash = 0x811c9dc5;
    for (const char c : name)
        hash = (hash ^ std::uint8_t(c)) * 0x01000193;
    std::vector<double> values;
    for (std::int64_t i = 0; i < count; ++i) {
        std::uint32_t x = std::uint32_t(i) * 2654435761U + hash;
        for (int round = 0; round < 2; ++round)
            x = (x ^ x >> 16) * 0x45d9f3b;
        values.push_back(double(x ^ x >> 16) / 2147483648.0 - 1);
    }
    return values;
}

inline at::Tensor formulaTensor(const std::string& name, at::IntArrayRef shape, double scale = 1, double offset = 0)
{
    const std::vector<double> values = formulaNoise(name, c10::multiply_integers(shape));
    return (at::tensor(values, at::kDouble) * scale + offset).to(at::kFloat).reshape(shape);
}

inline TensorMap formulaWeights(const Network& network)
{
    TensorMap weights;
    for (const auto& [name, tensor] : network.state()) {
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

} // namespace foveate::learn
