// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/PackBatches.h"

#include "base/Parallel.h"
#include "learn/AreaAverage.h"
#include "learn/BatchedViews.h"
#include "learn/cuda/Cuda.h"

#include <ATen/Parallel.h>

namespace foveate::learn {

std::vector<std::int64_t> rowsOf(const Snapshot& snapshot)
{
    std::vector<std::int64_t> rows;
    for (const SnapshotSample& sample : snapshot.samples)
        rows.push_back(sample.row);
    return rows;
}

PackBatches::PackBatches(const Pack& pack, int size, const Normalisation& normalisation)
    : m_pack(pack), m_size(size), m_channels(int(pack.shape().channels)), m_normalisation(normalisation)
{}

Result<PackBatches> PackBatches::create(const Pack& pack, std::span<const std::int64_t> rows, int size,
                                        const Normalisation& normalisation, int threads, const at::Device& device)
{
    const int packSize = int(pack.shape().size);
    if (size < 1 || size > packSize)
        return fail(Code::wrongShape, {"size", std::to_string(size), std::to_string(packSize)});
    for (const std::int64_t row : rows) {
        if (row < 0 || std::size_t(row) >= pack.count())
            return fail(Code::notFound, {"row", std::to_string(row)});
    }
    PackBatches batches(pack, size, normalisation);
    if (size < packSize)
        batches.shrink(rows, threads);
    if (!device.is_cpu()) {
        const std::int64_t budget = cuda::open()->describe(device.index()).freeMemory / 2;
        batches.m_pool = std::make_shared<DevicePool>(
            rows, size, batches.m_channels, [&](std::int64_t row) { return batches.image(row); }, device, budget);
    }
    return batches;
}

void PackBatches::shrink(std::span<const std::int64_t> rows, int threads)
{
    const std::size_t pixels = std::size_t(m_size) * std::size_t(m_size) * std::size_t(m_channels);
    const AreaAverage scaler(int(m_pack.shape().size), m_size, m_channels);
    m_place.assign(m_pack.count(), -1);
    std::vector<std::int64_t> kept;
    for (const std::int64_t row : rows) {
        if (m_place[std::size_t(row)] >= 0)
            continue;
        m_place[std::size_t(row)] = std::int64_t(kept.size());
        kept.push_back(row);
    }
    m_pixels.resize(kept.size() * pixels);
    parallelBlocks(kept.size(), threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            scaler.apply(m_pack.pixels(std::size_t(kept[i])).data(), m_pixels.data() + i * pixels);
    });
}

std::span<const std::uint8_t> PackBatches::image(std::int64_t row) const
{
    if (m_place.empty())
        return m_pack.pixels(std::size_t(row));
    const std::size_t pixels = std::size_t(m_size) * std::size_t(m_size) * std::size_t(m_channels);
    return {m_pixels.data() + std::size_t(m_place[std::size_t(row)]) * pixels, pixels};
}

at::Tensor PackBatches::devicePixels(std::span<const std::int64_t> rows) const
{
    return m_pool->pixels(rows, [this](std::int64_t row) { return image(row); });
}

at::Tensor PackBatches::batch(std::span<const std::int64_t> rows) const
{
    if (m_pool) {
        const std::vector<augment::ViewParameters> plain(rows.size());
        return renderBatch(devicePixels(rows), plain, m_size, m_normalisation);
    }
    at::Tensor images = at::empty({std::int64_t(rows.size()), m_size, m_size, m_channels}, at::kFloat);
    float* out = images.mutable_data_ptr<float>();
    std::array<float, 3> scale{};
    std::array<float, 3> shift{};
    for (std::size_t c = 0; c < 3; ++c) {
        scale[c] = 1.0F / (255.0F * m_normalisation.deviation[c]);
        shift[c] = -m_normalisation.mean[c] / m_normalisation.deviation[c];
    }
    const std::size_t channels = std::size_t(m_channels);
    for (const std::int64_t row : rows) {
        const std::span<const std::uint8_t> pixels = image(row);
        for (std::size_t i = 0; i < pixels.size(); i += channels) {
            for (std::size_t c = 0; c < channels; ++c)
                *out++ = float(pixels[i + c]) * scale[c] + shift[c];
        }
    }
    return images.permute({0, 3, 1, 2}); // a view: channels-last in memory
}

at::Tensor PackBatches::rendered(std::span<const std::int64_t> rows,
                                 std::span<const augment::ViewParameters> views) const
{
    if (m_pool)
        return renderBatch(devicePixels(rows), views, m_size, m_normalisation);
    const auto n = std::int64_t(rows.size());
    at::Tensor images = at::empty({n, m_size, m_size, m_channels}, at::kFloat);
    float* out = images.mutable_data_ptr<float>();
    const std::int64_t values = std::int64_t(m_size) * m_size * m_channels;
    // In LibTorch's own threads: they are idle now, and others would compete with them in the next forward pass.
    at::parallel_for(0, n, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            augment::render(image(rows[std::size_t(i)]), m_size, m_channels, views[std::size_t(i)], m_size,
                            m_normalisation, augment::Layout::interleaved, out + i * values);
    });
    return images.permute({0, 3, 1, 2});
}

} // namespace foveate::learn
