// SPDX-License-Identifier: GPL-3.0-or-later
// safetensors files, both ways: 8 bytes little-endian header length, a JSON header, then the raw tensors.
//
// Written: header padded with spaces to 8 bytes, tensors contiguous and little-endian, widest dtype first, then by
// name;
// `__metadata__` holds strings only. Read: strictly. Header at most 8 MB and beginning with '{'; every key once; dtype
// one of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL; rank at most 8; no overflow; the tensors cover the data exactly,
// without a hole, overlap or tail. Bytes are copied out of the file, which may be cut while it is read.
#pragma once

#include "base/Result.h"
#include "learn/TensorMap.h"

#include <map>
#include <string>
#include <string_view>

namespace foveate::learn {

using Metadata = std::map<std::string, std::string>;

struct Weights {
    TensorMap tensors; ///< contiguous, on the CPU
    Metadata metadata;
};

/// corrupt (args: `origin`, what is wrong) for anything the rules above forbid; memory stays below twice the file's
/// size.
Result<Weights> decodeSafetensors(std::string_view bytes, const std::string& origin);

/// Written atomically. Tensors may lie anywhere and in any layout. unsupported (args: name, dtype) for other types.
Status writeSafetensors(const std::string& path, const Weights& weights);
/// notFound, io, tooLarge (above 4 GB) or corrupt.
Result<Weights> readSafetensors(const std::string& path);

} // namespace foveate::learn
