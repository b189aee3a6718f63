// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/Graph.h"

#include "learn/nets/FastNorm.h"
#include "learn/nets/Stem.h"
#include "learn/nets/Winograd.h"
#include "learn/ranks/SyncNorm.h"

#include <algorithm>

namespace foveate::learn {
namespace {

std::shared_ptr<torch::nn::Module> childOf(torch::nn::Module& parent, const std::string& name)
{
    for (const auto& child : parent.named_children())
        if (child.key() == name)
            return child.value();
    return parent.register_module(name, std::make_shared<torch::nn::Module>());
}

} // namespace

at::Tensor threeChannels(const at::Tensor& images)
{
    return images.size(1) == 3 ? images : images.expand({-1, 3, -1, -1}).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor evaluate(const Node& node, std::span<const at::Tensor> inputs, bool training)
{
    const at::Tensor& x = inputs[0];
    switch (node.op) {
    case Op::image: break;
    case Op::convolution: return node.convolution.ptr()->forward(x);
    case Op::upConvolution: return node.upConvolution.ptr()->forward(x);
    case Op::norm: return node.norm.ptr()->forward(x);
    case Op::relu: return x.relu();
    case Op::maxPool: return at::max_pool2d(x, node.kernel, node.stride, node.padding);
    case Op::averagePool: return at::avg_pool2d(x, node.kernel, node.stride);
    case Op::gridPool: return at::adaptive_avg_pool2d(x, {node.kernel, node.kernel});
    case Op::globalPool: return x.mean({2, 3}, false, at::kFloat);
    case Op::sum: return x + inputs[1];
    case Op::concat: return at::cat({x, inputs[1]}, 1);
    case Op::flatten: return x.flatten(1);
    case Op::linear: return node.linear.ptr()->forward(x);
    case Op::dropout: return at::dropout(x, node.share, training);
    }
    return x;
}

Graph::Graph() : m_nodes(1), m_lastUse(1, 0)
{}

int Graph::add(Node node)
{
    const int index = int(m_nodes.size());
    for (const int input : node.inputs)
        m_lastUse[std::size_t(input)] = index;
    m_nodes.push_back(std::move(node));
    m_lastUse.push_back(index);
    return index;
}

/// Registers a module under a dotted name, with plain modules for the parts before its last dot.
template <typename Holder> Holder Graph::put(const std::string& name, Holder module)
{
    torch::nn::Module* parent = this;
    std::size_t begin = 0;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
        parent = childOf(*parent, name.substr(begin, dot - begin)).get();
        begin = dot + 1;
    }
    return parent->register_module(name.substr(begin), std::move(module));
}

int Graph::convolution(const std::string& name, int from, const torch::nn::Conv2dOptions& options)
{
    return add(
        {.op = Op::convolution, .inputs = {from}, .name = name, .convolution = put(name, torch::nn::Conv2d(options))});
}

int Graph::upConvolution(const std::string& name, int from, const torch::nn::ConvTranspose2dOptions& options)
{
    return add({.op = Op::upConvolution,
                .inputs = {from},
                .name = name,
                .upConvolution = put(name, torch::nn::ConvTranspose2d(options))});
}

int Graph::norm(const std::string& name, int from, int channels)
{
    return add({.op = Op::norm, .inputs = {from}, .name = name, .norm = put(name, torch::nn::BatchNorm2d(channels))});
}

int Graph::linear(const std::string& name, int from, int inputs, int outputs)
{
    return add(
        {.op = Op::linear, .inputs = {from}, .name = name, .linear = put(name, torch::nn::Linear(inputs, outputs))});
}

int Graph::relu(int from)
{
    return add({.op = Op::relu, .inputs = {from}});
}

int Graph::maxPool(int from, int kernel, int stride, int padding)
{
    return add({.op = Op::maxPool, .inputs = {from}, .kernel = kernel, .stride = stride, .padding = padding});
}

int Graph::averagePool(int from, int kernel)
{
    return add({.op = Op::averagePool, .inputs = {from}, .kernel = kernel, .stride = kernel});
}

int Graph::gridPool(int from, int side)
{
    return add({.op = Op::gridPool, .inputs = {from}, .kernel = side});
}

int Graph::globalPool(int from)
{
    return add({.op = Op::globalPool, .inputs = {from}});
}

int Graph::sum(int branch, int shortcut)
{
    return add({.op = Op::sum, .inputs = {branch, shortcut}});
}

int Graph::concat(int first, int second)
{
    return add({.op = Op::concat, .inputs = {first, second}});
}

int Graph::flatten(int from)
{
    return add({.op = Op::flatten, .inputs = {from}});
}

int Graph::dropout(int from, double share)
{
    return add({.op = Op::dropout, .inputs = {from}, .share = share});
}

/// Only where nobody reads the value afterwards, neither forwards nor for a gradient.
bool Graph::mayOverwrite(int user, int input) const
{
    const Op maker = m_nodes[std::size_t(input)].op;
    const bool isKeptForGradient = maker != Op::convolution && maker != Op::upConvolution && maker != Op::norm &&
                                   maker != Op::sum && maker != Op::concat && maker != Op::linear;
    return m_lastUse[std::size_t(input)] == user && !isKeptForGradient;
}

/// Whether the next node is such a one and takes in this one's value, and nobody else reads that.
bool Graph::readByNextAlone(int node, Op next) const
{
    const std::size_t behind = std::size_t(node) + 1;
    if (behind >= m_nodes.size() || m_nodes[behind].op != next || m_lastUse[std::size_t(node)] != int(behind))
        return false;
    const std::vector<int>& inputs = m_nodes[behind].inputs;
    return std::count(inputs.begin(), inputs.end(), node) == 1;
}

at::Tensor Graph::compute(const Node& node, std::span<const at::Tensor> inputs) const
{
    if (node.op == Op::norm && is_training() && m_group)
        return syncNorm(partsOf(*node.norm), inputs[0], *m_group);
    return evaluate(node, inputs, is_training());
}

/// A norm in training with the sum and the ReLU that stand behind it: the number of the last of them.
int Graph::computeNorm(int node, int to, std::vector<at::Tensor>& values) const
{
    const Node& layer = m_nodes[std::size_t(node)];
    const at::Tensor& maps = values[std::size_t(layer.inputs[0])];
    BehindNorm behind;
    int last = node;
    if (last < to && readByNextAlone(last, Op::sum)) {
        const std::vector<int>& both = m_nodes[std::size_t(last) + 1].inputs;
        const at::Tensor& other = values[std::size_t(both[0] == node ? both[1] : both[0])];
        if (other.defined() && other.scalar_type() == maps.scalar_type() && other.sizes() == maps.sizes()) {
            behind.added = other;
            ++last;
        }
    }
    if (last < to && readByNextAlone(last, Op::relu)) {
        behind.relu = true;
        ++last;
    }
    values[std::size_t(last)] = fastNorm(*layer.norm.ptr(), maps, behind, m_group.get());
    return last;
}

/// By one of our own layers: the number of the node whose value was computed, 0 where none suits.
int Graph::computeFast(int node, int to, std::vector<at::Tensor>& values) const
{
    const Node& layer = m_nodes[std::size_t(node)];
    const at::Tensor& input = values[std::size_t(layer.inputs[0])];
    if (layer.op == Op::convolution && suitsWinograd(*layer.convolution, input)) {
        values[std::size_t(node)] = convolveByWinograd(*layer.convolution, input);
        return node;
    }
    if (layer.op == Op::convolution && layer.inputs[0] == 0 && suitsStem(*layer.convolution, input)) {
        values[std::size_t(node)] = convolveStem(*layer.convolution, input);
        return node;
    }
    return layer.op == Op::norm && is_training() && suitsFastNorm(*layer.norm, input) ? computeNorm(node, to, values)
                                                                                      : 0;
}

at::Tensor Graph::forward(const at::Tensor& images) const
{
    const bool asTheyAre =
        m_fastLayers && m_nodes[1].op == Op::convolution && suitsStem(*m_nodes[1].convolution, images);
    return run(asTheyAre ? images : threeChannels(images), 0, last());
}

at::Tensor Graph::run(const at::Tensor& value, int from, int to) const
{
    std::vector<at::Tensor> values(m_nodes.size());
    values[std::size_t(from)] = value;
    for (int i = from + 1; i <= to;) {
        const Node& node = m_nodes[std::size_t(i)];
        std::vector<at::Tensor> inputs;
        for (const int input : node.inputs)
            inputs.push_back(values[std::size_t(input)]);
        const bool overwrite = node.inputs[0] != from && mayOverwrite(i, node.inputs[0]);
        int last = i; // of the nodes that are computed together
        if (overwrite && node.op == Op::relu)
            values[std::size_t(i)] = inputs[0].relu_();
        else if (overwrite && node.op == Op::sum)
            values[std::size_t(i)] = inputs[0].add_(inputs[1]);
        else if (const int computed = m_fastLayers ? computeFast(i, to, values) : 0)
            last = computed;
        else
            values[std::size_t(i)] = compute(node, inputs);
        for (; i <= last; ++i)
            for (const int input : m_nodes[std::size_t(i)].inputs)
                if (m_lastUse[std::size_t(input)] == i)
                    values[std::size_t(input)] = at::Tensor();
    }
    return values[std::size_t(to)];
}

} // namespace foveate::learn
