// SPDX-License-Identifier: GPL-3.0-or-later
// `foveate-engine export WEIGHTS TARGET`: a trained network as traced TorchScript.
#pragma once

#include <string>

namespace foveate::engine {

/// WEIGHTS: a weights.safetensors of ours. Prints {"target":…} or one line {"code":…,"args":[…]}; the exit status.
int exportCommand(const std::string& weights, const std::string& target);

} // namespace foveate::engine
