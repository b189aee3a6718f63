// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainingViews.h"

#include "base/Random.h"

namespace foveate::learn {

at::Tensor trainingViews(const PackBatches& batches, std::span<const std::int64_t> rows,
                         std::span<const std::size_t> entries, const augment::Preset& preset, std::uint64_t seed,
                         int epoch)
{
    std::vector<augment::ViewParameters> views;
    for (const std::size_t entry : entries) {
        Random random = Random::derive(seed, "view", std::uint64_t(epoch) << 32 | entry);
        views.push_back(augment::draw(preset, batches.size(), batches.size(), random));
    }
    return batches.rendered(rows, views);
}

} // namespace foveate::learn
