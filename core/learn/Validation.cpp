// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Validation.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>

namespace foveate::learn {

ValidationResult validate(Network& network, const PackBatches& batches, const std::vector<TrainSample>& samples,
                          const Group* group)
{
    const c10::InferenceMode inference;
    network.train(false);
    double sum = 0;
    double weights = 0;
    double correct = 0;
    constexpr std::size_t kPart = 32;
    const Range own = shareOf(samples.size(), group);
    for (std::size_t begin = own.begin; begin < own.end; begin += kPart) {
        std::vector<std::int64_t> rows;
        const std::size_t end = std::min(begin + kPart, own.end);
        for (std::size_t i = begin; i < end; ++i)
            rows.push_back(samples[i].row);
        const at::Tensor logProbabilities = network.logits(batches.batch(rows)).log_softmax(1).to(at::kCPU);
        for (std::size_t i = begin; i < end; ++i) {
            const at::Tensor of = logProbabilities[std::int64_t(i - begin)];
            sum -= double(samples[i].weight) * of[samples[i].label].item<double>();
            weights += double(samples[i].weight);
            correct += of.argmax().item<std::int64_t>() == samples[i].label ? 1 : 0;
        }
    }
    if (group != nullptr) {
        const std::vector<double> totals = group->totals({sum, weights, correct});
        sum = totals[0];
        weights = totals[1];
        correct = totals[2];
    }
    return {sum / weights, correct / double(samples.size())};
}

} // namespace foveate::learn
