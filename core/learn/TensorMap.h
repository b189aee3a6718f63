// SPDX-License-Identifier: GPL-3.0-or-later
// TensorMap: tensors by name, sorted, as weights and optimiser states travel between networks, files and checkpoints.
#pragma once

#include <ATen/ATen.h>
#include <map>
#include <string>

namespace foveate::learn {

using TensorMap = std::map<std::string, at::Tensor>;

} // namespace foveate::learn
