// SPDX-License-Identifier: GPL-3.0-or-later
// Stacks of linear layers, as projectors, predictors and probes are, with first weights from a seed.
#pragma once

#include <cstdint>
#include <torch/nn/modules/container/sequential.h>
#include <vector>

namespace foveate::learn::ssl {

/// What stands between two linear layers.
enum class Between { relu, normRelu, normLeakyRelu };

/// Linear layers of these widths, from the first (the input's) to the last (the output's).
torch::nn::Sequential layers(const std::vector<int>& widths, Between between);

/// Uniform in ±1/√inputs, PyTorch's own start of a linear layer, but the same on every machine.
void initialise(torch::nn::Module& module, std::uint64_t seed);

} // namespace foveate::learn::ssl
