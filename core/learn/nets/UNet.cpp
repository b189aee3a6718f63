// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/UNet.h"

#include "learn/nets/Architectures.h"

namespace foveate::learn {
namespace {

constexpr int kFilters = 64;
constexpr int kDepth = 3;

/// `count` times 3×3 convolution, ReLU, norm.
int block(Graph& graph, const std::string& name, int from, int inputs, int count)
{
    for (int i = 1; i <= count; ++i, inputs = kFilters) {
        const std::string number = std::to_string(i);
        from = graph.relu(
            graph.convolution(name + ".conv" + number, from, plainConvolution(inputs, kFilters, 3).bias(true)));
        from = graph.norm(name + ".norm" + number, from, kFilters);
    }
    return from;
}

} // namespace

std::shared_ptr<Graph> makeUNet(std::uint64_t seed)
{
    auto net = std::make_shared<Graph>();
    std::vector<int> beside;
    int x = 0;
    for (int level = 1; level <= kDepth; ++level) {
        beside.push_back(block(*net, "down" + std::to_string(level), x, level == 1 ? 3 : kFilters, 3));
        x = net->maxPool(beside.back(), 2, 2);
    }
    for (int level = kDepth; level >= 1; --level) {
        const std::string name = "up" + std::to_string(level);
        x = net->upConvolution(name + ".deconvolution", x,
                               torch::nn::ConvTranspose2dOptions(kFilters, kFilters, 2).stride(2));
        x = net->concat(x, beside[std::size_t(level - 1)]);
        x = block(*net, name, x, 2 * kFilters, 2);
    }
    net->convolution("output", x, plainConvolution(kFilters, 1, 1).bias(true));
    drawWeights(*net, Fan::inputs, seed);
    return net;
}

at::Tensor maskLoss(const at::Tensor& logits, const at::Tensor& masks)
{
    const at::Tensor p = logits.sigmoid();
    const at::Tensor both = (p * masks).sum({1, 2, 3});
    const at::Tensor dice = (2 * both + 1) / (p.sum({1, 2, 3}) + masks.sum({1, 2, 3}) + 1);
    return at::binary_cross_entropy_with_logits(logits, masks) + 1 - dice.mean();
}

} // namespace foveate::learn
