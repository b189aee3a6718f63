// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/LabelLoss.h"

namespace foveate::learn {
namespace {

/// 1 where a class applies, float32 [N,C].
at::Tensor setsOf(const at::Tensor& logits, const std::vector<std::int64_t>& labels)
{
    const at::Tensor codes = at::tensor(labels, at::kLong).to(logits.device()).unsqueeze(1);
    const at::Tensor places = at::arange(logits.size(1), codes.options());
    return at::bitwise_and(at::bitwise_right_shift(codes, places), 1).to(at::kFloat);
}

at::Tensor perClass(const std::vector<double>& weights, const at::Tensor& logits)
{
    return at::tensor(weights, at::kFloat).to(logits.device());
}

} // namespace

at::Tensor probabilitiesOf(const at::Tensor& logits, bool multi)
{
    return multi ? logits.sigmoid() : logits.softmax(-1);
}

at::Tensor lossPerImage(const at::Tensor& logits, const std::vector<std::int64_t>& labels, bool multi,
                        const ClassWeights& weights)
{
    if (!multi)
        return at::cross_entropy_loss(logits, at::tensor(labels, at::kLong).to(logits.device()), {},
                                      at::Reduction::None);
    const at::Tensor sets = setsOf(logits, labels);
    at::Tensor losses = at::binary_cross_entropy_with_logits(logits, sets, {}, {}, at::Reduction::None);
    if (!weights.present.empty())
        losses = losses * (sets * perClass(weights.present, logits) + (1 - sets) * perClass(weights.absent, logits));
    return losses.mean(1);
}

at::Tensor rightImages(const at::Tensor& logits, const std::vector<std::int64_t>& labels, bool multi)
{
    if (!multi)
        return logits.argmax(1) == at::tensor(labels, at::kLong).to(logits.device());
    return ((logits >= 0) == (setsOf(logits, labels) > 0)).all(1);
}

} // namespace foveate::learn
