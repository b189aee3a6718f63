// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/FoldedGraph.h"

#include "learn/nets/Winograd.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <algorithm>

namespace foveate::learn {
namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

/// y = scale·x + shift by channel, in double.
struct Affine {
    at::Tensor scale, shift;
};

Affine affineOf(const torch::nn::BatchNorm2d& norm)
{
    const at::Tensor scale =
        norm->weight.to(at::kDouble) / (norm->running_var.to(at::kDouble) + norm->options.eps()).sqrt();
    return {scale, norm->bias.to(at::kDouble) - norm->running_mean.to(at::kDouble) * scale};
}

/// The only node that reads each node's value; −1: none or several.
std::vector<int> soleUsers(const std::vector<Node>& nodes)
{
    std::vector<int> users(nodes.size(), -1);
    std::vector<int> count(nodes.size(), 0);
    for (std::size_t i = 1; i < nodes.size(); ++i)
        for (const int input : nodes[i].inputs) {
            users[std::size_t(input)] = int(i);
            ++count[std::size_t(input)];
        }
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (count[i] != 1)
            users[i] = -1;
    return users;
}

/// The node behind `node` when it alone reads its value and does `op`; −1 otherwise.
int follower(const std::vector<Node>& nodes, const std::vector<int>& users, int node, Op op)
{
    const int user = users[std::size_t(node)];
    return user >= 0 && nodes[std::size_t(user)].op == op ? user : -1;
}

/// LibTorch's convolution that adds a shortcut and clips at 0 while the result is still in the cache.
at::Tensor fusedConvolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const torch::nn::Conv2dImpl& layer, bool relu, const at::Tensor& addTo)
{
    static const auto plain = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_convolution_pointwise", "");
    static const auto adding =
        c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_convolution_pointwise_", "binary");
    const auto& options = layer.options;
    const at::IntArrayRef stride(*options.stride());
    const at::IntArrayRef dilation(*options.dilation());
    const at::IntArrayRef padding(*std::get_if<torch::ExpandingArray<2>>(&options.padding()));
    if (!x.is_cpu()) {
        const at::Tensor y = at::conv2d(x, weight, bias, stride, padding, dilation, options.groups());
        if (addTo.defined())
            y.add_(addTo);
        return relu ? y.relu_() : y;
    }
    const c10::List<std::optional<at::Scalar>> none;
    torch::jit::Stack stack;
    if (addTo.defined()) {
        torch::jit::push(stack, addTo, x, weight, bias, padding, stride, dilation, options.groups(), "add",
                         std::optional<at::Scalar>(), relu ? c10::IValue("relu") : c10::IValue(), none, c10::IValue());
        adding.callBoxed(stack);
    } else {
        torch::jit::push(stack, x, weight, bias, padding, stride, dilation, options.groups(), relu ? "relu" : "none",
                         none, c10::IValue());
        plain.callBoxed(stack);
    }
    return torch::jit::pop(stack).toTensor();
}

} // namespace

FoldedWeights folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm)
{
    const at::NoGradGuard guard;
    const at::Tensor& weight = convolution->weight;
    at::Tensor bias = convolution->bias.defined() ? convolution->bias.to(at::kDouble)
                                                  : at::zeros({weight.size(0)}, weight.options().dtype(at::kDouble));
    at::Tensor scaled = weight.to(at::kDouble);
    if (norm) {
        const auto [scale, shift] = affineOf(norm);
        scaled = scaled * scale.view({-1, 1, 1, 1});
        bias = bias * scale + shift;
    }
    return {scaled.to(at::kFloat).contiguous(kLast), bias.to(at::kFloat)};
}

FoldedGraph::FoldedGraph(const Graph& graph, at::ScalarType dtype) : m_dtype(dtype)
{
    const at::NoGradGuard guard;
    const std::vector<Node>& nodes = graph.nodes();
    const std::vector<int> users = soleUsers(nodes);
    m_place.assign(nodes.size(), -1);
    for (int i = 0; i < int(nodes.size()); ++i)
        if (m_place[std::size_t(i)] < 0)
            addStep(nodes, users, i);
    m_lastUse.assign(m_steps.size(), 0);
    for (std::size_t i = 0; i < m_steps.size(); ++i)
        for (const int input : m_steps[i].node.inputs)
            m_lastUse[std::size_t(input)] = int(i);
}

/// The step that node `first` begins, together with the nodes behind it that are computed with it.
void FoldedGraph::addStep(const std::vector<Node>& nodes, const std::vector<int>& users, int first)
{
    const Node& node = nodes[std::size_t(first)];
    if (node.op == Op::dropout) { // does nothing here
        m_place[std::size_t(first)] = m_place[std::size_t(node.inputs[0])];
        return;
    }
    std::vector<int> covered{first};
    Step step{.node = node};
    if (node.op == Op::convolution) {
        step = convolutionStep(nodes, users, covered);
    } else if (node.op == Op::norm) {
        const Affine affine = affineOf(node.norm);
        step.weight = affine.scale.to(at::kFloat);
        step.bias = affine.shift.to(at::kFloat);
    } else if (node.op == Op::linear) {
        step.weight = node.linear->weight.to(m_dtype);
        step.bias = node.linear->bias.to(m_dtype);
    }
    const int relu = follower(nodes, users, covered.back(), Op::relu);
    if (step.weight.defined() && relu >= 0) {
        step.relu = true;
        covered.push_back(relu);
    }
    for (int& input : step.node.inputs)
        input = m_place[std::size_t(input)];
    for (const int done : covered)
        m_place[std::size_t(done)] = int(m_steps.size());
    m_steps.push_back(std::move(step));
}

/// A convolution with the norm and the sum behind it, where there are such. The sum joins only when its other term is
/// computed already.
FoldedGraph::Step FoldedGraph::convolutionStep(const std::vector<Node>& nodes, const std::vector<int>& users,
                                               std::vector<int>& covered) const
{
    Step step{.node = nodes[std::size_t(covered[0])]};
    torch::nn::BatchNorm2d norm{nullptr};
    if (const int next = follower(nodes, users, covered.back(), Op::norm); next >= 0) {
        norm = nodes[std::size_t(next)].norm;
        covered.push_back(next);
    }
    const FoldedWeights weights = folded(step.node.convolution, norm);
    step.weight = weights.weight.to(m_dtype);
    step.bias = weights.bias.to(m_dtype);
    if (m_dtype == at::kFloat && step.weight.is_cpu())
        step.winograd = std::make_shared<WinogradKernels>(weights.weight, weights.bias);
    const int sum = follower(nodes, users, covered.back(), Op::sum);
    if (sum < 0)
        return step;
    const std::vector<int>& terms = nodes[std::size_t(sum)].inputs;
    const int shortcut = terms[0] == covered.back() ? terms[1] : terms[0];
    if (m_place[std::size_t(shortcut)] >= 0) {
        step.node.inputs.push_back(shortcut);
        step.adds = true;
        covered.push_back(sum);
    }
    return step;
}

at::Tensor FoldedGraph::compute(const Step& step, const std::vector<at::Tensor>& inputs, bool overwriteShortcut) const
{
    const at::Tensor& x = inputs[0];
    switch (step.node.op) {
    case Op::convolution: {
        const at::Tensor addTo = !step.adds ? at::Tensor() : overwriteShortcut ? inputs[1] : inputs[1].clone();
        if (step.winograd && suitsWinograd(*step.node.convolution, x))
            return step.winograd->convolve(x, addTo, step.relu);
        return fusedConvolution(x, step.weight, step.bias, *step.node.convolution, step.relu, addTo);
    }
    case Op::norm: {
        const at::Tensor zero = at::zeros_like(step.bias);
        const at::Tensor y = at::batch_norm(x, step.weight, step.bias, zero, at::ones_like(zero), false, 0, 0, false);
        return step.relu ? y.relu_() : y;
    }
    case Op::linear: {
        const at::Tensor y = at::linear(x.to(m_dtype), step.weight, step.bias);
        return step.relu ? y.relu_() : y;
    }
    case Op::upConvolution: {
        const auto& layer = *step.node.upConvolution;
        return at::conv_transpose2d(x, layer.weight.to(m_dtype), layer.bias.to(m_dtype), *layer.options.stride());
    }
    default: return evaluate(step.node, inputs, false);
    }
}

at::Tensor FoldedGraph::run(const at::Tensor& value, int from, int to) const
{
    const int first = m_place[std::size_t(from)];
    const int end = m_place[std::size_t(to)];
    std::vector<at::Tensor> values(m_steps.size());
    at::Tensor start = value.to(m_dtype);
    values[std::size_t(first)] = start.dim() == 4 ? start.contiguous(kLast) : start;
    for (int i = first + 1; i <= end; ++i) {
        const Step& step = m_steps[std::size_t(i)];
        std::vector<at::Tensor> inputs;
        for (const int input : step.node.inputs)
            inputs.push_back(values[std::size_t(input)]);
        const bool lastReader = step.adds && m_lastUse[std::size_t(step.node.inputs[1])] == i;
        values[std::size_t(i)] = compute(step, inputs, lastReader && step.node.inputs[1] != first);
        for (const int input : step.node.inputs)
            if (m_lastUse[std::size_t(input)] == i)
                values[std::size_t(input)] = at::Tensor();
    }
    return values[std::size_t(end)];
}

} // namespace foveate::learn
