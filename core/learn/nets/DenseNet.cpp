// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/Architectures.h"

namespace foveate::learn {
namespace {

constexpr int kGrowth = 32;
constexpr int kBottleneck = 4 * kGrowth;

/// Norm, ReLU, 1×1 convolution, norm, ReLU, 3×3 convolution; its maps are added to those it got, as further channels.
int denseLayer(Graph& graph, const std::string& name, int from, int inputs, double dropout)
{
    int x = graph.relu(graph.norm(name + ".norm1", from, inputs));
    x = graph.convolution(name + ".conv1", x, plainConvolution(inputs, kBottleneck, 1));
    x = graph.relu(graph.norm(name + ".norm2", x, kBottleneck));
    x = graph.convolution(name + ".conv2", x, plainConvolution(kBottleneck, kGrowth, 3));
    if (dropout > 0)
        x = graph.dropout(x, dropout);
    return graph.concat(from, x);
}

} // namespace

std::shared_ptr<Backbone> makeDenseNet121(double layerDropout)
{
    const std::vector<int> blocks{6, 12, 24, 16};
    auto net = std::make_shared<Backbone>("classifier", false);
    int x = net->convolution("features.conv0", 0, plainConvolution(3, 64, 7, 2));
    x = net->maxPool(net->relu(net->norm("features.norm0", x, 64)), 3, 2, 1);
    int channels = 64;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
        const std::string number = std::to_string(b + 1);
        for (int i = 1; i <= blocks[b]; ++i, channels += kGrowth)
            x = denseLayer(*net, "features.denseblock" + number + ".denselayer" + std::to_string(i), x, channels,
                           layerDropout);
        if (b + 1 == blocks.size())
            break;
        const std::string transition = "features.transition" + number;
        x = net->relu(net->norm(transition + ".norm", x, channels));
        x = net->convolution(transition + ".conv", x, plainConvolution(channels, channels / 2, 1));
        x = net->averagePool(x, 2);
        channels /= 2;
    }
    x = net->relu(net->norm("features.norm5", x, channels));
    net->markMaps();
    net->globalPool(x);
    net->setDimension(channels);
    return net;
}

} // namespace foveate::learn
