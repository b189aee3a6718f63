// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Layers.h"

#include <ATen/core/grad_mode.h>
#include <string>

namespace foveate::explain {
namespace {

using learn::Node;
using learn::Op;

/// By which relevance goes back. At the images, whose values have either sign, the rule z^B sees each value twice, as
/// distance from the lower and from the upper bound; the latter is passed by the weight's negative part.
at::Tensor positivePart(const at::Tensor& weight, bool first)
{
    const at::Tensor part = weight.clamp_min(0);
    if (!first)
        return part.contiguous(at::MemoryFormat::ChannelsLast);
    return at::cat({part, weight.clamp_max(0).neg()}, 1).contiguous(at::MemoryFormat::ChannelsLast);
}

/// A convolution and the norm behind it as one, in the reference library's float32 operations: near ties in a max pool
/// then fall as they do there.
learn::FoldedWeights folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm)
{
    const at::Tensor scale = norm->weight / (norm->running_var + norm->options.eps()).sqrt();
    const at::Tensor bias = convolution->bias.defined() ? convolution->bias : at::zeros({1});
    return {(convolution->weight * scale.view({-1, 1, 1, 1})).contiguous(at::MemoryFormat::ChannelsLast),
            (bias - norm->running_mean) * scale + norm->bias};
}

/// A graph's nodes as layers: norms folded, ReLUs joined to what they follow, dropout and flattening left out.
class Translation {
public:
    /// `folds`: norms become part of the convolution before them.
    Translation(const std::vector<Node>& nodes, bool folds) : m_nodes(nodes), m_folds(folds)
    {
        for (const Node& node : nodes)
            m_places.push_back(placeOf(node));
    }

    int place(int node) const { return m_places[std::size_t(node)]; }

    Layers finish(int target, const torch::nn::Linear& head)
    {
        Layer layer = linear(m_places.back(), head);
        if (layer.weight.size(0) == 1) {
            layer.weight = at::cat({-layer.weight, layer.weight});
            layer.bias = at::cat({-layer.bias, layer.bias});
            layer.positive = layer.weight.clamp_min(0);
        }
        m_list.push_back(std::move(layer));
        Layers layers{std::move(m_list), target};
        for (const Layer& each : layers.list)
            if (each.kind == LayerKind::maxPool)
                layers.pooled = each.inputs[0];
        return layers;
    }

private:
    int add(Layer layer)
    {
        m_list.push_back(std::move(layer));
        return int(m_list.size()) - 1;
    }

    static Layer linear(int input, const torch::nn::Linear& module)
    {
        Layer layer{LayerKind::linear, {input}};
        layer.weight = module->weight.detach().clone();
        layer.bias = module->bias.detach().clone();
        layer.positive = layer.weight.clamp_min(0);
        return layer;
    }

    Layer convolution(int input, const Node& node) const
    {
        Layer layer{LayerKind::convolution, {input}};
        const learn::FoldedWeights own = learn::folded(node.convolution, torch::nn::BatchNorm2d{nullptr});
        layer.weight = own.weight;
        layer.bias = own.bias;
        layer.positive = positivePart(own.weight, input == kImage);
        layer.kernel = int(own.weight.size(2));
        layer.stride = int(node.convolution->options.stride()->at(0));
        layer.padding = layer.kernel / 2;
        return layer;
    }

    Layer pool(LayerKind kind, int input, const Node& node) const
    {
        Layer layer{kind, {input}};
        layer.kernel = node.kernel;
        layer.stride = node.stride;
        layer.padding = node.padding;
        layer.side = kind == LayerKind::adaptivePool && node.op == Op::gridPool ? node.kernel : 1;
        return layer;
    }

    int norm(int input, const Node& node)
    {
        const Node& before = m_nodes[std::size_t(node.inputs[0])];
        if (m_folds && before.op == Op::convolution) {
            Layer& layer = m_list[std::size_t(input)];
            const learn::FoldedWeights both = folded(before.convolution, node.norm);
            layer.weight = both.weight;
            layer.bias = both.bias;
            layer.positive = positivePart(both.weight, layer.inputs[0] == kImage);
            return input;
        }
        const auto& module = *node.norm;
        Layer layer{LayerKind::norm, {input}};
        layer.weight = module.weight.clone();
        layer.bias = module.bias.clone();
        layer.mean = module.running_mean.clone();
        layer.variance = module.running_var.clone();
        layer.eps = module.options.eps();
        return add(std::move(layer));
    }

    int placeOf(const Node& node)
    {
        std::vector<int> inputs;
        for (const int input : node.inputs)
            inputs.push_back(place(input));
        switch (node.op) {
        case Op::convolution: return add(convolution(inputs[0], node));
        case Op::norm: return norm(inputs[0], node);
        case Op::maxPool: return add(pool(LayerKind::maxPool, inputs[0], node));
        case Op::averagePool: return add(pool(LayerKind::averagePool, inputs[0], node));
        case Op::gridPool:
        case Op::globalPool: return add(pool(LayerKind::adaptivePool, inputs[0], node));
        case Op::sum: return add({LayerKind::add, inputs});
        case Op::concat: return add({LayerKind::concat, inputs});
        case Op::linear: return add(linear(inputs[0], node.linear));
        case Op::relu: m_list[std::size_t(inputs[0])].relu = true; return inputs[0];
        case Op::dropout:
        case Op::flatten: return inputs[0];
        case Op::image:
        case Op::upConvolution: break; // no classifier has one
        }
        return kImage;
    }

    const std::vector<Node>& m_nodes;
    bool m_folds;
    std::vector<int> m_places; ///< node → layer
    std::vector<Layer> m_list;
};

} // namespace

Result<Layers> layersOf(learn::Network network, Rules rules)
{
    if (network.classes() == 0)
        return fail(Code::wrongShape, {"classes", "0", "1"});
    if (network.hasHiddenLayer())
        return fail(Code::wrongShape, {"layers of the head", "2", "1"});
    const at::NoGradGuard guard;
    const learn::Backbone& backbone = network.backbone();
    const bool folds = rules == Rules::conserving && !network.model().starts_with("densenet");
    Translation translation(backbone.nodes(), folds);
    Layers layers = translation.finish(translation.place(backbone.mapsNode()), network.head());
    layers.rules = rules;
    return layers;
}

at::Tensor evaluate(const Layer& layer, const std::vector<at::Tensor>& inputs)
{
    const auto result = [&]() -> at::Tensor {
        switch (layer.kind) {
        case LayerKind::convolution:
            return at::conv2d(inputs[0], layer.weight, layer.bias, layer.stride, layer.padding);
        case LayerKind::norm:
            return at::batch_norm(inputs[0], layer.weight, layer.bias, layer.mean, layer.variance, false, 0, layer.eps,
                                  false);
        case LayerKind::maxPool: return at::max_pool2d(inputs[0], layer.kernel, layer.stride, layer.padding);
        case LayerKind::averagePool: return at::avg_pool2d(inputs[0], layer.kernel, layer.stride, layer.padding);
        case LayerKind::adaptivePool: return at::adaptive_avg_pool2d(inputs[0], {layer.side, layer.side});
        case LayerKind::add: return at::add(inputs[0], inputs[1]);
        case LayerKind::concat: return at::cat(inputs, 1);
        case LayerKind::linear: return at::linear(inputs[0].flatten(1), layer.weight, layer.bias);
        }
        return {};
    }();
    return layer.relu ? result.relu_() : result;
}

std::vector<at::Tensor> outputs(const Layers& layers, const at::Tensor& images, int plain)
{
    std::vector<at::Tensor> made;
    made.reserve(layers.list.size());
    const auto computeUpTo = [&](int last, const at::Tensor& image, at::MemoryFormat format) {
        while (int(made.size()) <= last) {
            Layer layer = layers.list[made.size()];
            if (layer.kind == LayerKind::convolution)
                layer.weight = layer.weight.contiguous(format);
            std::vector<at::Tensor> inputs;
            for (const int input : layer.inputs)
                inputs.push_back(input == kImage ? image : made[std::size_t(input)]);
            made.push_back(evaluate(layer, inputs));
        }
    };
    computeUpTo(plain, images.contiguous(), at::MemoryFormat::Contiguous);
    for (at::Tensor& output : made)
        output = output.contiguous(at::MemoryFormat::ChannelsLast);
    computeUpTo(layers.last(), images, at::MemoryFormat::ChannelsLast);
    return made;
}

at::Tensor run(const Layers& layers, int from, const at::Tensor& value, int to)
{
    std::vector<int> lastUse(layers.list.size(), -1);
    for (int i = from + 1; i <= to; ++i)
        for (const int input : layers.list[std::size_t(i)].inputs)
            if (input != kImage)
                lastUse[std::size_t(input)] = i;
    std::vector<at::Tensor> made(layers.list.size());
    for (int i = from + 1; i <= to; ++i) {
        const Layer& layer = layers.list[std::size_t(i)];
        std::vector<at::Tensor> inputs;
        for (const int input : layer.inputs)
            inputs.push_back(input == from ? value : made[std::size_t(input)]);
        made[std::size_t(i)] = evaluate(layer, inputs);
        for (const int input : layer.inputs)
            if (input != kImage && lastUse[std::size_t(input)] == i)
                made[std::size_t(input)] = at::Tensor();
    }
    return made[std::size_t(to)];
}

at::Tensor chosenClasses(const at::Tensor& logits, int classIndex)
{
    return classIndex < 0 ? logits.argmax(1) : at::full({logits.size(0)}, classIndex, at::kLong);
}

Status checkClass(const Layers& layers, int classIndex)
{
    if (classIndex >= layers.classes())
        return fail(Code::wrongShape, {"class", std::to_string(classIndex), std::to_string(layers.classes())});
    return {};
}

} // namespace foveate::explain
