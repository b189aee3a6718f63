// SPDX-License-Identifier: GPL-3.0-or-later
// Layers: a network in evaluation as a list of layers, made from its graph (learn/nets/Graph.h).
//
// What explains a network has to see inside it: which layer feeds which, and with what weights. One list serves the
// relevance pass, which walks it backwards, and occlusion, which computes it again for a part of the image. Every
// layer's inputs stand before it; the last layer gives the logits [N,C]. Batch norm is folded into the convolution
// before it, so a negative scale turns the weights' signs before anything asks for their positive part; a DenseNet's
// norms, and all norms under iNNvestigate's rules, stay layers of their own.
#pragma once

#include "base/Result.h"
#include "learn/Network.h"

#include <vector>

namespace foveate::explain {

/// As a layer's input: the images.
inline constexpr int kImage = -1;

enum class LayerKind {
    convolution,
    norm,    ///< a batch norm that is not folded
    maxPool, ///< of values ≥ 0
    averagePool,
    adaptivePool, ///< average to side × side
    add,
    concat, ///< of channels
    linear  ///< of the input's elements in order, [N,C,H,W] or [N,D]
};

struct Layer {
    LayerKind kind = LayerKind::convolution;
    std::vector<int> inputs; ///< places in the list, or kImage
    bool relu = false;       ///< follows
    at::Tensor weight = {};  ///< [O,I,k,k], [O,I] or [C]
    at::Tensor bias = {};
    at::Tensor positive = {};            ///< by which relevance goes back: the weight's positive part
    at::Tensor mean = {}, variance = {}; ///< of a norm, [C]
    double eps = 0;
    int kernel = 1;
    int stride = 1;
    int padding = 0;
    int side = 1; ///< of an adaptive pool's output
};

/// How relevance is handed down (DeepTaylor.h).
enum class Rules {
    conserving,  ///< methods.md §5
    innvestigate ///< as iNNvestigate's default, which P4 used
};

struct Layers {
    std::vector<Layer> list;
    int target = 0;      ///< Grad-CAM's layer, after its ReLU: resnet layer4[-1], vgg features.29, densenet norm5
    int pooled = kImage; ///< the last layer that a max pool reads
    Rules rules = Rules::conserving;
    const Layer& head() const { return list.back(); } ///< the last linear layer; what feeds it are the features
    std::int64_t classes() const { return head().weight.size(0); }
    int last() const { return int(list.size()) - 1; }
};

/// A one-logit head z is read as two, (−z, z).
/// wrongShape for a network without a head or with a hidden layer in it (P3's probe). The layers keep copies: later
/// changes of the network do not reach them.
Result<Layers> layersOf(learn::Network network, Rules rules = Rules::conserving);

/// One layer of its inputs, without what the list says of other layers.
at::Tensor evaluate(const Layer& layer, const std::vector<at::Tensor>& inputs);
/// Every layer's output after its ReLU. images [N,3,S,S], channels last.
/// Up to the layer `plain` they are computed in LibTorch's default layout, and so with PyTorch's last digits.
std::vector<at::Tensor> outputs(const Layers& layers, const at::Tensor& images, int plain = kImage);
/// The output of layer `to`, given that of `from` (kImage: the images). REQUIRES: nothing up to `to` takes its input
/// from before `from`.
at::Tensor run(const Layers& layers, int from, const at::Tensor& value, int to);

/// The class of each image: `classIndex`, or where it is below 0 the predicted one. logits [N,C] → int64 [N].
at::Tensor chosenClasses(const at::Tensor& logits, int classIndex);
/// wrongShape for a class that the head has not.
Status checkClass(const Layers& layers, int classIndex);

} // namespace foveate::explain
