// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/FineTuner.h"

#include "learn/Autocast.h"

#include <ATen/core/grad_mode.h>
#include <cmath>

namespace foveate::learn {
namespace {

std::vector<at::Tensor> copiesOf(const std::vector<at::Tensor>& tensors)
{
    std::vector<at::Tensor> copies;
    for (const at::Tensor& tensor : tensors)
        copies.push_back(tensor.clone());
    return copies;
}

} // namespace

FineTuner::FineTuner(Network network, const optim::OptimiserOptions& optimiser, bool freeze,
                     const Capability& capability, std::shared_ptr<const Group> group, bool synchronise)
    : m_network(std::move(network)), m_options(optimiser), m_freeze(freeze), m_capability(capability),
      m_group(std::move(group)), m_synchronise(synchronise)
{
    m_network.synchroniseNorms(m_synchronise ? m_group : nullptr);
    m_network.moveTo(deviceOf(m_capability));
    m_network.useChannelsLast();
    if (m_capability.fastLayers)
        m_network.useFastLayers();
    restart();
}

void FineTuner::restart()
{
    for (const at::Tensor& parameter : m_network.parameters())
        parameter.set_requires_grad(!m_freeze);
    for (const at::Tensor& parameter : m_network.parameters(true))
        parameter.set_requires_grad(true);
    m_optimiser = std::make_unique<optim::Optimiser>(m_network.parameters(m_freeze), m_network.parameterNames(m_freeze),
                                                     m_options);
    m_buffers = m_network.buffers();
    if (m_group)
        m_mean = std::make_unique<GradientMean>(m_group, m_network.parameters(m_freeze));
}

at::Tensor FineTuner::logits(const at::Tensor& images)
{
    if (!m_freeze)
        return m_network.logits(images);
    at::Tensor features;
    {
        const at::NoGradGuard guard;
        features = m_network.backbone().features(images);
    }
    return m_network.logitsOfFeatures(m_network.hidden(features));
}

BatchResult FineTuner::together(const BatchResult& own) const
{
    if (!m_group)
        return own;
    const std::vector<double> totals = m_group->totals({own.loss, double(own.correct)});
    return {totals[0], own.weight, std::int64_t(totals[1])};
}

Result<BatchResult> FineTuner::learn(const at::Tensor& images, const std::vector<std::int64_t>& labels,
                                     const std::vector<float>& weights, double rate, double batchWeight)
{
    if (m_group && !m_synchronise)
        m_group->broadcast(m_buffers);
    const bool multi = m_network.multiLabel();
    const at::Tensor weight = at::tensor(weights, at::kFloat).to(images.device());
    const std::vector<at::Tensor> before = copiesOf(m_buffers);
    if (m_freeze)
        m_network.trainHeadAlone();
    else
        m_network.train();
    BatchResult result;
    result.weight = m_group ? batchWeight : weight.sum().item<double>();
    at::Tensor loss;
    {
        const Autocast autocast(m_capability.bfloat16(), images.device().type());
        const at::Tensor scores = logits(images).to(at::kFloat);
        const at::Tensor losses = lossPerImage(scores, labels, multi, m_classWeights);
        loss = (losses * weight).sum() / result.weight;
        result.correct = rightImages(scores, labels, multi).sum().item<std::int64_t>();
    }
    result.loss = loss.item<double>();
    result = together(result);
    if (std::isfinite(result.loss) && m_mean) {
        m_mean->prepare();
        (loss * m_group->count()).backward(); // the mean of these is the whole batch's gradient
    } else if (std::isfinite(result.loss)) {
        loss.backward();
    }
    if (!std::isfinite(result.loss) || !std::isfinite(m_optimiser->gradientNorm())) {
        m_optimiser->dropGradients();
        const at::NoGradGuard guard;
        at::_foreach_copy_(m_buffers, before);
        return fail(Code::nonFinite, {"loss"});
    }
    m_optimiser->step(rate);
    return result;
}

} // namespace foveate::learn
