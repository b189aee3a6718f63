// SPDX-License-Identifier: GPL-3.0-or-later
// The pickle inside a .pth, read by a machine of our own that can make plain values and tensors and nothing else.
//
// Pickle is a program; Python's reader would import and call whatever it names. Here a name outside the list below ends
// the reading, and nothing is ever called: collections.OrderedDict, torch._utils._rebuild_tensor_v2,
// torch._utils._rebuild_parameter and the torch.*Storage types. Protocols 2 to 5 as far as torch.save uses them. Memory
// is bounded by the pickle's length; no recursion.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::learn::files {

/// A tensor as the pickle describes it: a window into a storage, which is an entry of the archive.
struct PickledTensor {
    std::string name;
    std::string dtype; ///< safetensors' name
    std::string storage;
    std::int64_t storageItems = 0;
    std::int64_t offset = 0; ///< items
    std::vector<std::int64_t> shape, strides;
};

/// The tensors of a state_dict: of the outermost dictionary, or of the one it holds as "state_dict",
/// "model_state_dict" or "model". unsupported (args: origin, the name) for a name that is not on the list or a value
/// that is no tensor, corrupt (args: origin, what is wrong) for anything malformed, also a tensor that reaches outside
/// its storage or repeats it.
Result<std::vector<PickledTensor>> readPickledTensors(std::string_view pickle, const std::string& origin);

} // namespace foveate::learn::files
