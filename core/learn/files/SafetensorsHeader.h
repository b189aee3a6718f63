// SPDX-License-Identifier: GPL-3.0-or-later
// The header of a safetensors file, parsed strictly and without LibTorch, so that it can be fuzzed alone. See
// Safetensors.h.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::learn {

struct TensorEntry {
    std::string name;
    std::string dtype;               ///< one of the allowed names
    std::vector<std::int64_t> shape; ///< at most 8 numbers ≥ 0
    std::size_t begin = 0;           ///< offset in the file
    std::size_t bytes = 0;
};

struct SafetensorsHeader {
    std::vector<TensorEntry> tensors; ///< by offset; together they cover the data exactly
    std::map<std::string, std::string> metadata;
};

/// Bytes of one element; 0 for a dtype that is not allowed.
std::size_t itemSize(std::string_view dtype);

/// The head of a file whose data are these tensors one after another in this order: length, JSON and padding. Names,
/// dtypes, shapes and bytes count, offsets do not.
std::string safetensorsHead(const std::vector<TensorEntry>& tensors,
                            const std::map<std::string, std::string>& metadata);

/// `file`: all of its bytes. corrupt (args: origin, what is wrong).
Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view file, const std::string& origin);

} // namespace foveate::learn
