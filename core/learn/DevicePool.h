// SPDX-License-Identifier: GPL-3.0-or-later
// DevicePool: a pack's pixels where a GPU can take them.
//
// They lie in the GPU's memory when they fit into the share given, else each batch is gathered in page-locked memory
// and copied while the GPU still works. One thread at a time.
#pragma once

#include <ATen/ATen.h>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace foveate::learn {

class DevicePool {
public:
    using ImageOf = std::function<std::span<const std::uint8_t>(std::int64_t row)>;
    /// `imageOf` gives uint8 [S,S,C] of a row; `budget`: bytes that the pool may take on the device. Throws LibTorch's
    /// exceptions.
    DevicePool(std::span<const std::int64_t> rows, int size, int channels, const ImageOf& imageOf,
               const at::Device& device, std::int64_t budget);

    const at::Device& device() const { return m_device; }
    bool isResident() const { return m_pixels.defined(); }
    /// uint8 [N,S,S,C] on the device. REQUIRES: the rows were named at the start, and the same `imageOf`.
    at::Tensor pixels(std::span<const std::int64_t> rows, const ImageOf& imageOf) const;

private:
    at::Tensor gathered(std::span<const std::int64_t> rows, const ImageOf& imageOf, bool pinned) const;

    int m_size;
    int m_channels;
    at::Device m_device;
    std::vector<std::int64_t> m_place; ///< row → place in m_pixels
    at::Tensor m_pixels;               ///< uint8 [·,S,S,C] on the device; undefined: gathered batch by batch
};

} // namespace foveate::learn
