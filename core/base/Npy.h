// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy .npy files (format 1.0/2.0, C order, little-endian): float32, float64, int64, int32, uint8 and bool.
//
// The header is a Python literal and comes from outside in benchmarks, so the reader is strict: only the three
// known keys, no negative or overflowing shapes, and the file's length must be exactly header + data.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace foveate {

/// An array as plain data: `shape` in C order; T is float, double, std::int64_t, std::int32_t or std::uint8_t.
template <typename T> struct Array {
    std::vector<std::size_t> shape;
    std::vector<T> data;
    std::size_t rows() const { return shape.empty() ? 0 : shape[0]; }
    std::size_t columns() const { return shape.size() < 2 ? 1 : shape[1]; }
};

/// Reads and converts when the stored type widens without loss (float32 → double, int32 → int64, bool → uint8);
/// wrongShape for another type, badInput for a malformed header, corrupt for a wrong length.
template <typename T> Result<Array<T>> readNpy(const std::string& path);

/// Written atomically.
template <typename T>
Status writeNpy(const std::string& path, const std::vector<std::size_t>& shape, std::span<const T> data);

} // namespace foveate
