// SPDX-License-Identifier: GPL-3.0-or-later
// A trained network as traced TorchScript, for programs that have PyTorch and nothing of ours.
//
// `torch.jit.load(FILE)(images)`: images float32 [N,C,S,S] in [0, 1] as they come, C as `channels` says; logits
// [N,classes] (features [N,D] without a head). Normalising is inside. Attributes: classes (list of str, in the order of
// the logits), mean, deviation (list of float), size, channels (int), model (str). Batch sizes are free; the network is
// in evaluation mode.
#pragma once

#include "base/Result.h"
#include "learn/ModelInfo.h"
#include "learn/Network.h"

#include <string>

namespace foveate::learn {

/// Written under a temporary name and renamed. io when it cannot be written. The network is left in evaluation mode.
Status writeTorchScript(const std::string& path, Network& network, const ModelInfo& info);

} // namespace foveate::learn
