// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/DeepTaylor.h"

#include "learn/Exceptions.h"
#include "learn/nets/Graph.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <utility>

namespace foveate::explain {
namespace {

// The reference library's, so that the numbers agree where denominators are small.
constexpr double kStabiliser = 1e-6;
constexpr double kSumStabiliser = 1e-9;

/// The distances of each value from the smallest and the largest that an image can have, both ≥ 0.
at::Tensor withinBounds(const at::Tensor& images, const learn::Normalisation& normalisation)
{
    const at::Tensor mean = at::tensor(at::ArrayRef<float>(normalisation.mean), at::kFloat).view({1, 3, 1, 1});
    const at::Tensor deviation =
        at::tensor(at::ArrayRef<float>(normalisation.deviation), at::kFloat).view({1, 3, 1, 1});
    const at::Tensor above = (images + mean / deviation).clamp_min_(0);
    const at::Tensor below = ((1 - mean) / deviation - images).clamp_min_(0);
    return at::cat({above, below}, 1).contiguous(at::MemoryFormat::ChannelsLast);
}

/// The distances of each value from 0, below and above it, both ≥ 0.
at::Tensor partsOf(const at::Tensor& images)
{
    return at::cat({images.clamp_min(0), images.neg().clamp_min_(0)}, 1).contiguous(at::MemoryFormat::ChannelsLast);
}

/// What each output has, by its inputs' products with `weights`, before the factor of the input itself.
at::Tensor sharedOut(const Layer& layer, const at::Tensor& weights, const at::Tensor& input, at::Tensor relevance)
{
    const at::Tensor total = at::conv2d(input, weights, {}, layer.stride, layer.padding).add_(kStabiliser);
    return std::get<0>(at::convolution_backward(
        relevance.div_(total), input.expand({relevance.size(0), -1, -1, -1}), weights, c10::nullopt,
        {layer.stride, layer.stride}, {layer.padding, layer.padding}, {1, 1}, false, {0, 0}, 1, {true, false, false}));
}

at::Tensor throughConvolution(const Layer& layer, const at::Tensor& input, at::Tensor relevance)
{
    return sharedOut(layer, layer.positive, input, relevance).mul_(input);
}

/// w²: each input's share is its squared weight's, whatever its value.
at::Tensor squaresOfConvolution(const Layer& layer, const at::Tensor& input, at::Tensor relevance)
{
    return sharedOut(layer, layer.weight.square(), at::ones_like(input.narrow(0, 0, 1)), relevance);
}

at::Tensor squaresOfLinear(const Layer& layer, const at::Tensor& input, at::Tensor relevance)
{
    const at::Tensor squares = layer.weight.square();
    relevance.div_(squares.sum(1).add_(kStabiliser));
    std::vector<std::int64_t> shape = input.sizes().vec();
    shape[0] = relevance.size(0);
    return at::mm(relevance, squares).view(shape);
}

at::Tensor gradientOfAdaptivePool(const Layer& layer, const at::Tensor& input, const at::Tensor& relevance)
{
    const at::Tensor all = input.expand({relevance.size(0), -1, -1, -1});
    return layer.side == 1 ? (relevance / double(input.size(2) * input.size(3)))
                                 .expand_as(all)
                                 .contiguous(at::MemoryFormat::ChannelsLast)
                           : at::_adaptive_avg_pool2d_backward(relevance, all);
}

at::Tensor gradientOfNorm(const Layer& layer, const at::Tensor& relevance)
{
    return relevance * (layer.weight / (layer.variance + layer.eps).sqrt()).view({1, -1, 1, 1});
}

at::Tensor throughLinear(const Layer& layer, const at::Tensor& input, at::Tensor relevance)
{
    const at::Tensor flat = input.flatten(1);
    relevance.div_(at::linear(flat, layer.positive).add_(kStabiliser));
    const at::Tensor share = at::mm(relevance, layer.positive).mul_(flat);
    std::vector<std::int64_t> shape = input.sizes().vec();
    shape[0] = share.size(0);
    return share.view(shape);
}

at::Tensor throughMaxPool(const Layer& layer, const at::Tensor& input, const at::Tensor& relevance)
{
    const std::vector<std::int64_t> kernel(2, layer.kernel), stride(2, layer.stride), padding(2, layer.padding);
    const at::Tensor winners = std::get<1>(at::max_pool2d_with_indices(input, kernel, stride, padding));
    const auto all = [&](const at::Tensor& one) { return one.expand({relevance.size(0), -1, -1, -1}); };
    return at::max_pool2d_with_indices_backward(relevance, all(input), kernel, stride, padding, {1, 1}, false,
                                                all(winners));
}

at::Tensor throughAveragePool(const Layer& layer, const at::Tensor& input, const at::Tensor& relevance)
{
    return at::avg_pool2d_backward(relevance, input.expand({relevance.size(0), -1, -1, -1}),
                                   {layer.kernel, layer.kernel}, {layer.stride, layer.stride},
                                   {layer.padding, layer.padding}, false, true, c10::nullopt);
}

at::Tensor throughAdaptivePool(const Layer& layer, const at::Tensor& input, at::Tensor relevance)
{
    relevance.div_(at::adaptive_avg_pool2d(input, {layer.side, layer.side}).add_(kStabiliser));
    return gradientOfAdaptivePool(layer, input, relevance).mul_(input);
}

std::vector<at::Tensor> throughSum(const at::Tensor& first, const at::Tensor& second, at::Tensor relevance)
{
    at::Tensor one = first.clamp_min(0);
    at::Tensor other = second.clamp_min(0);
    relevance.div_((one + other).add_(kSumStabiliser));
    if (relevance.size(0) == one.size(0))
        return {one.mul_(relevance), other.mul_(relevance)};
    return {one * relevance, other * relevance};
}

at::Tensor perImage(const at::Tensor& relevance)
{
    return relevance.flatten(1).sum(1, false, at::kDouble);
}

Result<DeepTaylor> compute(const Layers& layers, const learn::Normalisation& normalisation, const at::Tensor& images,
                           int classIndex)
{
    const c10::InferenceMode inference;
    const RelevancePass pass(layers, normalisation, images);
    const at::Tensor classes = chosenClasses(pass.logits(), classIndex);
    const at::Tensor start = at::zeros_like(pass.logits()).scatter_(1, classes.unsqueeze(1), 1);
    DeepTaylor result;
    result.map = pass.toImage(layers.last(), start);
    result.logits = pass.logits();
    if (!at::isfinite(result.map).all().item<bool>() || !at::isfinite(result.logits).all().item<bool>())
        return fail(Code::nonFinite, {"deep-taylor"});
    const at::Tensor kept = perImage(result.map);
    for (std::int64_t i = 0; i < images.size(0); ++i) {
        result.classes.push_back(classes[i].item<int>());
        result.lost.push_back(std::clamp(1 - kept[i].item<double>(), 0.0, 1.0));
    }
    return result;
}

} // namespace

RelevancePass::RelevancePass(const Layers& layers, const learn::Normalisation& normalisation, const at::Tensor& images)
    : m_layers(layers), m_images(learn::threeChannels(images).contiguous(at::MemoryFormat::ChannelsLast)),
      m_bounded(layers.rules == Rules::conserving ? withinBounds(m_images, normalisation) : partsOf(m_images)),
      m_outputs(outputs(layers, m_images, layers.pooled))
{}

const at::Tensor& RelevancePass::input(const Layer& layer, std::size_t i) const
{
    return layer.inputs[i] == kImage ? m_bounded : m_outputs[std::size_t(layer.inputs[i])];
}

std::vector<at::Tensor> RelevancePass::handDown(const Layer& layer, at::Tensor relevance) const
{
    const bool byGradient = m_layers.rules == Rules::innvestigate;
    const bool bySquares = byGradient && !layer.relu;
    switch (layer.kind) {
    case LayerKind::convolution:
        if (bySquares)
            return {squaresOfConvolution(layer, layer.inputs[0] == kImage ? m_images : input(layer, 0), relevance)};
        return {throughConvolution(layer, input(layer, 0), relevance)};
    case LayerKind::linear:
        return {bySquares ? squaresOfLinear(layer, input(layer, 0), relevance)
                          : throughLinear(layer, input(layer, 0), relevance)};
    case LayerKind::maxPool: return {throughMaxPool(layer, input(layer, 0), relevance)};
    case LayerKind::averagePool: return {throughAveragePool(layer, input(layer, 0), relevance)};
    case LayerKind::adaptivePool:
        return {byGradient ? gradientOfAdaptivePool(layer, input(layer, 0), relevance)
                           : throughAdaptivePool(layer, input(layer, 0), relevance)};
    case LayerKind::add:
        return byGradient ? std::vector{relevance, relevance.clone()}
                          : throughSum(input(layer, 0), input(layer, 1), relevance);
    case LayerKind::norm: return {byGradient ? gradientOfNorm(layer, relevance) : relevance};
    case LayerKind::concat: break;
    }
    std::vector<std::int64_t> channels;
    for (std::size_t i = 0; i < layer.inputs.size(); ++i)
        channels.push_back(input(layer, i).size(1));
    return relevance.split_with_sizes(channels, 1);
}

at::Tensor RelevancePass::toImage(int place, at::Tensor relevance, std::vector<at::Tensor>* held) const
{
    std::vector<at::Tensor> waiting(m_outputs.size());
    at::Tensor image;
    waiting[std::size_t(place)] = std::move(relevance);
    for (std::size_t i = std::size_t(place) + 1; i-- > 0;) {
        if (!waiting[i].defined())
            continue;
        const Layer& layer = m_layers.list[i];
        const at::Tensor handed = held ? perImage(waiting[i]) : at::Tensor();
        std::vector<at::Tensor> shares = handDown(layer, std::exchange(waiting[i], {}));
        at::Tensor passed = held ? at::zeros_like(handed) : at::Tensor();
        for (std::size_t k = 0; k < shares.size(); ++k) {
            if (held)
                passed += perImage(shares[k]);
            at::Tensor& slot = layer.inputs[k] == kImage ? image : waiting[std::size_t(layer.inputs[k])];
            slot = slot.defined() ? slot + shares[k] : shares[k];
        }
        if (held)
            held->push_back(at::stack({handed, passed}));
    }
    return image.sum(1).contiguous();
}

Result<DeepTaylor> deepTaylor(const Layers& layers, const learn::Normalisation& normalisation, const at::Tensor& images,
                              int classIndex)
{
    FOVEATE_CHECK(checkClass(layers, classIndex));
    return learn::guarded([&] { return compute(layers, normalisation, images, classIndex); });
}

} // namespace foveate::explain
