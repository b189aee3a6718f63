// SPDX-License-Identifier: GPL-3.0-or-later
// A PyTorch .pth (zip form of torch.save, PyTorch ≥ 1.6) made into a safetensors file, without running what it holds.
//
// Names as torchvision has them today: the "module." of DataParallel goes, DenseNet's "norm.1" of 2017 becomes "norm1".
// Needs no LibTorch, so that it runs inside the decoder's cage. Memory: a tensor at a time beside the file.
#pragma once

#include "base/Result.h"

#include <functional>
#include <string>
#include <string_view>

namespace foveate::learn::files {

/// Whether these first bytes are a zip archive's; safetensors and the older forms of .pth are not.
bool isZip(std::string_view bytes);

/// `write` gets the safetensors file piece by piece and returns false when it cannot. `origin` names the file in
/// errors: unsupported (an older form, TorchScript, a name outside the list, something else than a state_dict),
/// corrupt, tooLarge (more than 4 GB of tensors), io when `write` fails; nothing is written when the file is not whole.
Status stateDictToSafetensors(std::string_view file, const std::string& origin,
                              const std::function<bool(std::string_view)>& write);

} // namespace foveate::learn::files
