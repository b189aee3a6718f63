// SPDX-License-Identifier: GPL-3.0-or-later
// The backbones one by one, each with its first weights still to be drawn.
#pragma once

#include "learn/nets/Backbone.h"

namespace foveate::learn {

/// He 2015: basic blocks of two 3×3 convolutions ({2,2,2,2} and {3,4,6,3}: ResNet-18, -34).
std::shared_ptr<Backbone> makeResNet(const std::vector<int>& blocks);
/// … or bottlenecks of 1×1, 3×3 (with the stride: "v1.5"), 1×1; {3,4,6,3}: ResNet-50.
std::shared_ptr<Backbone> makeBottleneckResNet(const std::vector<int>& blocks);
/// Simonyan 2014, 16 layers; `layerDropout` behind the first linear layer.
std::shared_ptr<Backbone> makeVgg16(bool norms, double layerDropout);
/// Huang 2017: growth 32, blocks of 6, 12, 24, 16 layers; `layerDropout` in each.
std::shared_ptr<Backbone> makeDenseNet121(double layerDropout);
/// Three 3×3 convolutions (16, 32, 64 filters, stride 2) with batch norm and ReLU.
std::shared_ptr<Backbone> makeTinyNet();

/// He's normal weights scaled by a convolution's outputs or inputs, N(0, .01) for linear layers, biases 0; batch norm
/// keeps its ones and zeros. Each tensor's stream is derived from the seed and its name.
enum class Fan { outputs, inputs };
void drawWeights(Graph& graph, Fan fan, std::uint64_t seed);

/// k×k, padding k/2, no bias.
torch::nn::Conv2dOptions plainConvolution(int inputs, int outputs, int kernel, int stride = 1);

} // namespace foveate::learn
