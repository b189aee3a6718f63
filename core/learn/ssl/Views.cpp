// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Views.h"

#include "base/Random.h"
#include "learn/augment/View.h"

#include <ATen/Parallel.h>

namespace foveate::learn::ssl {

at::Tensor twoViews(const PackBatches& batches, std::span<const std::int64_t> rows, const augment::Preset& preset,
                    std::uint64_t seed, int epoch)
{
    const int size = batches.size(), channels = batches.channels();
    const auto n = std::int64_t(rows.size());
    at::Tensor views = at::empty({2 * n, size, size, channels}, at::kFloat);
    float* out = views.mutable_data_ptr<float>();
    // In LibTorch's own threads: they are idle now, and others would compete with them in the next forward pass.
    at::parallel_for(0, 2 * n, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t row = rows[std::size_t(i % n)];
            const std::uint64_t index = (std::uint64_t(row) << 1) | std::uint64_t(i / n);
            Random random = Random::derive(Random::derive(seed, "epoch", std::uint64_t(epoch)).next(), "view", index);
            const augment::ViewParameters view = augment::draw(preset, size, size, random);
            augment::render(batches.image(row), size, channels, view, size, batches.normalisation(),
                            augment::Layout::interleaved, out + i * size * size * channels);
        }
    });
    return views.permute({0, 3, 1, 2});
}

} // namespace foveate::learn::ssl
