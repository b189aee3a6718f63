// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Validation.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>

namespace foveate::learn {

ValidationResult validate(Network& network, const PackBatches& batches, const std::vector<TrainSample>& samples,
                          const ClassWeights& weights, const Group* group)
{
    const c10::InferenceMode inference;
    network.train(false);
    double sum = 0;
    double weightSum = 0;
    double correct = 0;
    constexpr std::size_t kPart = 32;
    const Range own = shareOf(samples.size(), group);
    for (std::size_t begin = own.begin; begin < own.end; begin += kPart) {
        std::vector<std::int64_t> rows, labels;
        const std::size_t end = std::min(begin + kPart, own.end);
        for (std::size_t i = begin; i < end; ++i) {
            rows.push_back(samples[i].row);
            labels.push_back(samples[i].label);
        }
        const at::Tensor logits = network.logits(batches.batch(rows));
        const at::Tensor losses = lossPerImage(logits, labels, network.multiLabel(), weights).to(at::kCPU);
        for (std::size_t i = begin; i < end; ++i) {
            sum += double(samples[i].weight) * losses[std::int64_t(i - begin)].item<double>();
            weightSum += double(samples[i].weight);
        }
        correct += rightImages(logits, labels, network.multiLabel()).sum().item<double>();
    }
    if (group != nullptr) {
        const std::vector<double> totals = group->totals({sum, weightSum, correct});
        sum = totals[0];
        weightSum = totals[1];
        correct = totals[2];
    }
    return {sum / weightSum, correct / double(samples.size())};
}

} // namespace foveate::learn
