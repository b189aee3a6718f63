// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/McDropout.h"

#include "base/Random.h"
#include "learn/LabelLoss.h"

namespace foveate::learn {

at::Tensor dropoutPasses(const at::Tensor& features, const torch::nn::Linear& head, const at::Tensor& masks,
                         double share, bool multi)
{
    const at::Tensor kept = (features / (1 - share)).unsqueeze(0).masked_fill(masks, 0);
    return probabilitiesOf(at::linear(kept, head->weight, head->bias), multi);
}

at::Tensor dropoutMask(std::int64_t images, std::int64_t dimension, double share, std::uint64_t seed, int pass)
{
    at::Tensor mask = at::empty({images, dimension}, at::kBool);
    bool* values = mask.mutable_data_ptr<bool>();
    Random random = Random::derive(seed, "dropout", std::uint64_t(pass));
    for (std::int64_t i = 0; i < mask.numel(); ++i)
        values[i] = random.chance(share);
    return mask;
}

} // namespace foveate::learn
