// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Network.h"

#include "learn/LabelLoss.h"

#include "base/Random.h"
#include "learn/ranks/SyncNorm.h"

#include <ATen/core/grad_mode.h>
#include <algorithm>
#include <cmath>
#include <sstream>

namespace foveate::learn {
namespace {

std::string shapeText(const at::Tensor& tensor)
{
    std::ostringstream text;
    text << tensor.sizes();
    return text.str();
}

void fillUniform(at::Tensor& tensor, double bound, Random random)
{
    float* values = tensor.data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
        values[i] = float(random.uniform(-bound, bound));
}

constexpr double kLeak = .01; ///< PyTorch's slope of a leaky ReLU below 0

torch::nn::Linear makeLinear(const std::string& name, int inputs, int outputs, std::uint64_t seed)
{
    at::NoGradGuard guard;
    torch::nn::Linear layer(inputs, outputs);
    const double bound = 1.0 / std::sqrt(double(inputs));
    fillUniform(layer->weight, bound, Random::derive(seed, "weights:" + name + ".weight"));
    fillUniform(layer->bias, bound, Random::derive(seed, "weights:" + name + ".bias"));
    return layer;
}

void addTo(TensorMap& map, const std::string& prefix, const torch::nn::Module& module)
{
    for (const auto& item : module.named_parameters())
        map[prefix + item.key()] = item.value().detach();
    for (const auto& item : module.named_buffers())
        map[prefix + item.key()] = item.value();
}

bool isHeadOrProjector(const std::string& name, const std::string& headName)
{
    const auto begins = [&name](const std::string& prefix) { return name.rfind(prefix + ".", 0) == 0; };
    return begins(headName) || begins("hidden") || begins("projector") || begins("predictor");
}

} // namespace

Result<Network> Network::create(const std::string& model, int classes, std::uint64_t seed,
                                std::optional<Dropout> dropout, int hidden)
{
    Network network;
    network.m_model = model;
    network.m_dropout = dropout.value_or(usualDropout(model));
    FOVEATE_TRY(network.m_backbone, makeBackbone(model, network.m_dropout, seed));
    if (hidden > 0) {
        network.m_hidden = makeLinear("hidden.0", network.m_backbone->dimension(), hidden, seed);
        network.m_hiddenNorm = torch::nn::BatchNorm1d(hidden);
    }
    network.replaceHead(classes, seed);
    return network;
}

at::Tensor Network::hidden(const at::Tensor& features)
{
    if (!m_hidden)
        return features;
    const at::Tensor wide = m_hidden->forward(features);
    const bool synchronised = m_group && m_hiddenNorm->is_training();
    return at::leaky_relu(synchronised ? syncNorm(partsOf(*m_hiddenNorm), wide, *m_group) : m_hiddenNorm->forward(wide),
                          kLeak);
}

at::Tensor Network::logitsOfFeatures(const at::Tensor& features)
{
    const bool drops = m_dropout.head > 0 && m_head->is_training();
    return m_head->forward(drops ? at::dropout(features, m_dropout.head, true) : features);
}

at::Tensor Network::probabilitiesOfFeatures(const at::Tensor& features)
{
    return probabilitiesOf(logitsOfFeatures(features), m_multiLabel);
}

void Network::replaceHead(int classes, std::uint64_t seed)
{
    m_classes = classes;
    m_head = classes > 0 ? makeLinear("head", dimension(), classes, seed) : torch::nn::Linear{nullptr};
}

void Network::train(bool on)
{
    m_backbone->train(on);
    if (m_hiddenNorm)
        m_hiddenNorm->train(on);
    if (m_head)
        m_head->train(on);
}

void Network::trainHeadAlone()
{
    train(true);
    m_backbone->train(false);
}

void Network::moveTo(const at::Device& device)
{
    m_backbone->to(device);
    if (m_hidden) {
        m_hidden->to(device);
        m_hiddenNorm->to(device);
    }
    if (m_head)
        m_head->to(device);
}

void Network::useChannelsLast()
{
    at::NoGradGuard guard;
    for (at::Tensor& tensor : m_backbone->parameters()) {
        if (tensor.dim() != 4)
            continue;
        const at::Tensor moved = tensor.data().contiguous(at::MemoryFormat::ChannelsLast);
        // Of a window of one pixel either order of strides is true; gradients come with this one.
        const std::int64_t in = tensor.size(1), across = tensor.size(3);
        tensor.set_data(moved.as_strided(moved.sizes(), {in * across * tensor.size(2), 1, in * across, in}));
    }
}

void Network::synchroniseNorms(const std::shared_ptr<const Group>& group)
{
    m_group = group;
    m_backbone->synchroniseNorms(group);
}

void Network::zeroResidualBranches()
{
    at::NoGradGuard guard;
    const std::vector<Node>& nodes = m_backbone->nodes();
    for (const Node& node : nodes)
        if (node.op == Op::sum)
            nodes[std::size_t(node.inputs[0])].norm->weight.zero_();
}

std::vector<at::Tensor> Network::parameters(bool headOnly) const
{
    std::vector<at::Tensor> list = headOnly ? std::vector<at::Tensor>() : m_backbone->parameters();
    if (m_hidden)
        list.insert(list.end(), {m_hidden->weight, m_hidden->bias, m_hiddenNorm->weight, m_hiddenNorm->bias});
    if (m_head) {
        list.push_back(m_head->weight);
        list.push_back(m_head->bias);
    }
    return list;
}

std::vector<std::string> Network::parameterNames(bool headOnly) const
{
    std::vector<std::string> names;
    if (!headOnly)
        names = m_backbone->named_parameters().keys();
    if (m_hidden)
        names.insert(names.end(), {"hidden.0.weight", "hidden.0.bias", "hidden.1.weight", "hidden.1.bias"});
    if (m_head) {
        names.push_back(m_backbone->headName() + ".weight");
        names.push_back(m_backbone->headName() + ".bias");
    }
    return names;
}

std::vector<at::Tensor> Network::buffers() const
{
    std::vector<at::Tensor> list = m_backbone->buffers();
    if (m_hiddenNorm)
        for (const at::Tensor& buffer : m_hiddenNorm->buffers())
            list.push_back(buffer);
    return list;
}

TensorMap Network::state() const
{
    TensorMap map;
    addTo(map, "", *m_backbone);
    if (m_hidden) {
        addTo(map, "hidden.0.", *m_hidden);
        addTo(map, "hidden.1.", *m_hiddenNorm);
    }
    if (m_head)
        addTo(map, m_backbone->headName() + ".", *m_head);
    return map;
}

Status Network::load(const TensorMap& from, bool head)
{
    const TensorMap own = state();
    const std::string headName = m_backbone->headName();
    for (const auto& [name, tensor] : from) {
        if (!own.contains(name) && !isHeadOrProjector(name, headName))
            return fail(Code::wrongShape, {name, "present", "absent"});
        if (tensor.is_floating_point() && !at::isfinite(tensor).all().item<bool>())
            return fail(Code::nonFinite, {name});
    }
    TensorMap chosen;
    for (const auto& [name, tensor] : own) {
        if (!head && isHeadOrProjector(name, headName))
            continue;
        const auto found = from.find(name);
        if (found == from.end() && name.ends_with("num_batches_tracked"))
            continue;
        if (found == from.end())
            return fail(Code::wrongShape, {name, "absent", shapeText(tensor)});
        if (found->second.sizes() != tensor.sizes())
            return fail(Code::wrongShape, {name, shapeText(found->second), shapeText(tensor)});
        chosen[name] = found->second;
    }
    at::NoGradGuard guard;
    for (const auto& [name, tensor] : chosen)
        own.at(name).copy_(tensor);
    return {};
}

bool Network::isFinite() const
{
    at::NoGradGuard guard;
    const TensorMap own = state();
    return std::all_of(own.begin(), own.end(), [](const auto& item) {
        return !item.second.is_floating_point() || at::isfinite(item.second).all().template item<bool>();
    });
}

} // namespace foveate::learn
