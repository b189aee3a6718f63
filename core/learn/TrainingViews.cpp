// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainingViews.h"

#include "base/Parallel.h"
#include "base/Random.h"
#include "learn/augment/View.h"

namespace foveate::learn {

at::Tensor trainingViews(const PackBatches& batches, std::span<const std::int64_t> rows,
                         std::span<const std::size_t> entries, const augment::Preset& preset, std::uint64_t seed,
                         int epoch, int threads)
{
    const int size = batches.size(), channels = batches.channels();
    const std::size_t pixels = std::size_t(size) * std::size_t(size) * std::size_t(channels);
    at::Tensor images = at::empty({std::int64_t(rows.size()), size, size, channels}, at::kFloat);
    float* out = images.mutable_data_ptr<float>();
    parallelBlocks(rows.size(), threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            Random random = Random::derive(seed, "view", std::uint64_t(epoch) << 32 | entries[i]);
            const augment::ViewParameters view = augment::draw(preset, size, size, random);
            augment::render(batches.image(rows[i]), size, channels, view, size, batches.normalisation(),
                            augment::Layout::interleaved, out + i * pixels);
        }
    });
    return images.permute({0, 3, 1, 2});
}

} // namespace foveate::learn
