// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/Architectures.h"

namespace foveate::learn {
namespace {

int convolutionAndNorm(Graph& graph, const std::string& name, const std::string& norm, int from,
                       const torch::nn::Conv2dOptions& options)
{
    return graph.norm(norm, graph.convolution(name, from, options), int(options.out_channels()));
}

/// The 1×1 convolution of a shortcut where the shape changes. It comes before its branch, so that folding can add it
/// to the branch's last convolution.
int shortcut(Graph& graph, const std::string& block, int from, int inputs, int outputs, int stride)
{
    if (stride == 1 && inputs == outputs)
        return from;
    return convolutionAndNorm(graph, block + ".downsample.0", block + ".downsample.1", from,
                              plainConvolution(inputs, outputs, 1, stride));
}

int basicBlock(Graph& graph, const std::string& block, int from, int inputs, int width, int stride)
{
    const int way = shortcut(graph, block, from, inputs, width, stride);
    int x =
        convolutionAndNorm(graph, block + ".conv1", block + ".bn1", from, plainConvolution(inputs, width, 3, stride));
    x = convolutionAndNorm(graph, block + ".conv2", block + ".bn2", graph.relu(x), plainConvolution(width, width, 3));
    return graph.relu(graph.sum(x, way));
}

int bottleneck(Graph& graph, const std::string& block, int from, int inputs, int width, int stride)
{
    const int outputs = 4 * width;
    const int way = shortcut(graph, block, from, inputs, outputs, stride);
    int x = convolutionAndNorm(graph, block + ".conv1", block + ".bn1", from, plainConvolution(inputs, width, 1));
    x = convolutionAndNorm(graph, block + ".conv2", block + ".bn2", graph.relu(x),
                           plainConvolution(width, width, 3, stride));
    x = convolutionAndNorm(graph, block + ".conv3", block + ".bn3", graph.relu(x), plainConvolution(width, outputs, 1));
    return graph.relu(graph.sum(x, way));
}

using Block = int (*)(Graph&, const std::string&, int, int, int, int);

std::shared_ptr<Backbone> make(const std::vector<int>& blocks, Block block, int expansion)
{
    auto net = std::make_shared<Backbone>("fc");
    int x = convolutionAndNorm(*net, "conv1", "bn1", 0, plainConvolution(3, 64, 7, 2));
    x = net->maxPool(net->relu(x), 3, 2, 1);
    int inputs = 64;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
        const int width = 64 << stage;
        for (int i = 0; i < blocks[stage]; ++i) {
            const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
            x = block(*net, name, x, inputs, width, stage > 0 && i == 0 ? 2 : 1);
            inputs = width * expansion;
        }
    }
    net->markMaps();
    net->globalPool(x);
    net->setDimension(inputs);
    return net;
}

} // namespace

torch::nn::Conv2dOptions plainConvolution(int inputs, int outputs, int kernel, int stride)
{
    return torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).padding(kernel / 2).bias(false);
}

std::shared_ptr<Backbone> makeResNet(const std::vector<int>& blocks)
{
    return make(blocks, basicBlock, 1);
}

std::shared_ptr<Backbone> makeBottleneckResNet(const std::vector<int>& blocks)
{
    return make(blocks, bottleneck, 4);
}

std::shared_ptr<Backbone> makeTinyNet()
{
    auto net = std::make_shared<Backbone>("fc");
    int x = 0, inputs = 3;
    for (int i = 1; i <= 3; ++i) {
        const std::string number = std::to_string(i);
        const int outputs = 8 << i;
        x = net->relu(
            convolutionAndNorm(*net, "conv" + number, "bn" + number, x, plainConvolution(inputs, outputs, 3, 2)));
        inputs = outputs;
    }
    net->markMaps();
    net->globalPool(x);
    net->setDimension(inputs);
    return net;
}

} // namespace foveate::learn
