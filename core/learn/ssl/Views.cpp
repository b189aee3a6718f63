// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Views.h"

#include "base/Random.h"

namespace foveate::learn::ssl {

at::Tensor twoViews(const PackBatches& batches, std::span<const std::int64_t> rows, const augment::Preset& preset,
                    std::uint64_t seed, int epoch)
{
    const std::uint64_t epochSeed = Random::derive(seed, "epoch", std::uint64_t(epoch)).next();
    std::vector<std::int64_t> both;
    std::vector<augment::ViewParameters> views;
    for (const std::uint64_t second : {0U, 1U})
        for (const std::int64_t row : rows) {
            const std::uint64_t index = (std::uint64_t(row) << 1) | second;
            Random random = Random::derive(epochSeed, "view", index);
            both.push_back(row);
            views.push_back(augment::draw(preset, batches.size(), batches.size(), random));
        }
    return batches.rendered(both, views);
}

} // namespace foveate::learn::ssl
