// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/DevicePool.h"

#include <algorithm>
#include <cstring>

namespace foveate::learn {
namespace {

constexpr std::size_t kPart = 1024; ///< images that go to the device at once

} // namespace

DevicePool::DevicePool(std::span<const std::int64_t> rows, int size, int channels, const ImageOf& imageOf,
                       const at::Device& device, std::int64_t budget)
    : m_size(size), m_channels(channels), m_device(device)
{
    const auto count = std::int64_t(rows.size());
    const std::int64_t bytes = count * size * size * channels;
    if (rows.empty() || bytes > budget)
        return;
    m_place.assign(std::size_t(*std::max_element(rows.begin(), rows.end())) + 1, -1);
    m_pixels = at::empty({count, size, size, channels}, at::TensorOptions(at::kByte).device(device));
    for (std::size_t begin = 0; begin < rows.size(); begin += kPart) {
        const std::span<const std::int64_t> part = rows.subspan(begin, std::min(kPart, rows.size() - begin));
        for (std::size_t i = 0; i < part.size(); ++i)
            m_place[std::size_t(part[i])] = std::int64_t(begin + i);
        m_pixels.narrow(0, std::int64_t(begin), std::int64_t(part.size())).copy_(gathered(part, imageOf, false));
    }
}

at::Tensor DevicePool::gathered(std::span<const std::int64_t> rows, const ImageOf& imageOf, bool pinned) const
{
    at::Tensor images = at::empty({std::int64_t(rows.size()), m_size, m_size, m_channels},
                                  at::TensorOptions(at::kByte).pinned_memory(pinned));
    std::uint8_t* out = images.mutable_data_ptr<std::uint8_t>();
    for (const std::int64_t row : rows) {
        const std::span<const std::uint8_t> image = imageOf(row);
        std::memcpy(out, image.data(), image.size());
        out += image.size();
    }
    return images;
}

at::Tensor DevicePool::pixels(std::span<const std::int64_t> rows, const ImageOf& imageOf) const
{
    if (!isResident()) // LibTorch keeps page-locked blocks for reuse until their copy has ended
        return gathered(rows, imageOf, m_device.is_cuda()).to(m_device, at::kByte, true);
    std::vector<std::int64_t> places;
    for (const std::int64_t row : rows)
        places.push_back(m_place[std::size_t(row)]);
    return m_pixels.index_select(0, at::tensor(places, at::kLong).to(m_device));
}

} // namespace foveate::learn
