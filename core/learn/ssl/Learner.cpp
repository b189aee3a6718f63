// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Learner.h"

#include "learn/Autocast.h"
#include "learn/ranks/Gather.h"

#include <ATen/core/grad_mode.h>
#include <cmath>
#include <numeric>

namespace foveate::learn::ssl {
namespace {

std::vector<at::Tensor> copies(const std::vector<at::Tensor>& tensors)
{
    std::vector<at::Tensor> result;
    for (const at::Tensor& tensor : tensors)
        result.push_back(tensor.clone());
    return result;
}

template <typename Type> void append(std::vector<Type>& list, const std::vector<Type>& more)
{
    list.insert(list.end(), more.begin(), more.end());
}

} // namespace

Result<std::unique_ptr<Learner>> Learner::create(const PretrainOptions& options, const Capability& capability,
                                                 const TensorMap* parent, std::uint64_t seed,
                                                 std::shared_ptr<const Group> group)
{
    FOVEATE_TRY(Network network, Network::create(options.model, 0, seed));
    if (parent != nullptr)
        FOVEATE_CHECK(network.load(*parent, false));
    else if (options.zeroInitResidual)
        network.zeroResidualBranches();
    const std::shared_ptr<const Group> normed = options.syncBatchNorm ? group : nullptr;
    FOVEATE_TRY(std::shared_ptr<Objective> objective,
                makeObjective(options.objective, network.dimension(), seed, normed));
    network.synchroniseNorms(normed);
    return std::unique_ptr<Learner>(
        new Learner(std::move(network), std::move(objective), options, capability, std::move(group)));
}

Learner::Learner(Network network, std::shared_ptr<Objective> objective, const PretrainOptions& options,
                 const Capability& capability, std::shared_ptr<const Group> group)
    : m_network(std::move(network)), m_objective(std::move(objective)), m_capability(capability),
      m_group(std::move(group)), m_synchronised(options.syncBatchNorm)
{
    m_network.moveTo(deviceOf(capability));
    m_objective->to(deviceOf(capability));
    if (capability.channelsLast)
        m_network.useChannelsLast();
    if (capability.fastLayers)
        m_network.useFastLayers();
    std::vector<at::Tensor> parameters = m_network.parameters();
    std::vector<std::string> names = m_network.parameterNames();
    append(parameters, m_objective->parameters());
    append(names, m_objective->named_parameters().keys());
    m_optimiser = std::make_unique<optim::Optimiser>(parameters, names, optim::usualOptions(options.optimiser));
    m_statistics = m_network.backbone().buffers();
    append(m_statistics, m_objective->buffers());
    if (m_group)
        m_mean = std::make_unique<GradientMean>(m_group, parameters);
}

/// Of all ranks' images, float32.
Projection Learner::project(const at::Tensor& views, std::size_t images)
{
    Projection own;
    {
        const Autocast autocast(m_capability.bfloat16(), views.device().type());
        own = m_objective->project(m_network.features(views));
    }
    const bool predicts = !own.p.is_same(own.z);
    const auto all = [&](const at::Tensor& rows) {
        const at::Tensor exact = rows.to(at::kFloat);
        return m_group ? gatherViews(exact, *m_group, images) : exact;
    };
    const at::Tensor z = all(own.z);
    return {z, predicts ? all(own.p) : z};
}

bool Learner::addBatch(const at::Tensor& views, const Part& part, Learnt& learnt)
{
    const Projection projection = project(views, part.images);
    const double share = part.share;
    const at::Tensor loss = m_objective->loss(projection);
    const double value = loss.item<double>();
    if (!std::isfinite(value))
        return false;
    if (m_mean && part.last)
        m_mean->prepare();
    (share == 1 ? loss : loss * share).backward();
    const at::Tensor z = projection.z.detach();
    const ContrastiveAccuracy accuracy = contrastiveAccuracy(z);
    learnt.loss += share * value;
    learnt.accuracy.all += share * accuracy.all;
    learnt.accuracy.crossView += share * accuracy.crossView;
    learnt.deviation += share * embeddingDeviation(z);
    learnt.dimension = int(z.size(1));
    return true;
}

Result<Learnt> Learner::learn(const std::vector<std::size_t>& images,
                              const std::function<at::Tensor(std::size_t)>& viewsOf, double rate)
{
    if (m_group && !m_synchronised)
        m_group->broadcast(m_statistics);
    const auto total = double(std::accumulate(images.begin(), images.end(), std::size_t(0)));
    const std::vector<at::Tensor> before = copies(m_statistics);
    const auto undo = [&] {
        m_optimiser->dropGradients();
        const at::NoGradGuard guard;
        at::_foreach_copy_(m_statistics, before);
    };
    try {
        m_network.train(true);
        m_objective->train(true);
        Learnt learnt;
        bool finite = true;
        for (std::size_t i = 0; finite && i < images.size(); ++i)
            finite = addBatch(viewsOf(i), {images[i], double(images[i]) / total, i + 1 == images.size()}, learnt);
        if (finite && std::isfinite(m_optimiser->gradientNorm())) {
            m_optimiser->step(rate);
            return learnt;
        }
    } catch (...) { // memory ran out
        undo();
        throw;
    }
    undo();
    return fail(Code::nonFinite, {"loss"});
}

TensorMap Learner::objectiveState() const
{
    TensorMap state;
    for (const auto& item : m_objective->named_parameters())
        state[item.key()] = item.value().detach();
    for (const auto& item : m_objective->named_buffers())
        state[item.key()] = item.value();
    return state;
}

TensorMap Learner::weights() const
{
    TensorMap all = m_network.state();
    all.merge(objectiveState());
    return all;
}

Status Learner::load(const TensorMap& weights, const TensorMap& moments)
{
    const TensorMap own = objectiveState();
    for (const auto& [name, tensor] : own) {
        const auto found = weights.find(name);
        if (found == weights.end() || found->second.sizes() != tensor.sizes())
            return fail(Code::wrongShape, {name, "checkpoint", "another"});
    }
    FOVEATE_CHECK(m_network.load(weights));
    FOVEATE_CHECK(m_optimiser->load(moments));
    const at::NoGradGuard guard;
    for (const auto& [name, tensor] : own)
        tensor.copy_(weights.at(name));
    return {};
}

} // namespace foveate::learn::ssl
