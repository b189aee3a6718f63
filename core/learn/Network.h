// SPDX-License-Identifier: GPL-3.0-or-later
// Networks: a backbone (images → maps → features) and a linear head, with torchvision's parameter names and numbers.
//
// Images are float32 [N,C,S,S], C = 1 or 3, normalised; one channel is repeated to three at the door.
// Models: "resnet18" (torchvision's, target layer layer4[-1]) and "tiny" (three convolutions, for tests and weak
// machines). Initial weights depend on the seed alone, on any machine. One thread at a time.
#pragma once

#include "base/Result.h"
#include "learn/TensorMap.h"

#include <cstdint>
#include <memory>
#include <string>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <vector>

namespace foveate::learn {

class Backbone : public torch::nn::Module {
public:
    /// Activations of the last convolutional stage after its ReLU, [N,D,h,w]: the target layer of Grad-CAM.
    virtual at::Tensor maps(const at::Tensor& images) = 0;
    /// The same numbers (up to rounding) with batch norm folded into the convolutions, float32, for evaluation only.
    /// `fold()` computes the folded weights once; a later change of the weights does not reach them.
    virtual void fold() = 0;
    virtual at::Tensor foldedMaps(const at::Tensor& images) = 0;
    /// D.
    virtual int dimension() const = 0;
    /// The head's name in a state: "fc" for ResNets.
    virtual std::string headName() const { return "fc"; }
    /// Global average pooling of maps(): [N,D].
    at::Tensor features(const at::Tensor& images);
};

class Network {
public:
    /// notFound (args: "model", name) for an unknown model. classes = 0: no head.
    static Result<Network> create(const std::string& model, int classes, std::uint64_t seed);
    static std::vector<std::string> models();

    Backbone& backbone() { return *m_backbone; }
    const std::string& model() const { return m_model; }
    int classes() const { return m_classes; }
    int dimension() const { return m_backbone->dimension(); }

    at::Tensor features(const at::Tensor& images) { return m_backbone->features(images); }
    /// [N,D] → [N,classes]. REQUIRES: a head.
    at::Tensor logitsOfFeatures(const at::Tensor& features);
    at::Tensor logits(const at::Tensor& images) { return logitsOfFeatures(features(images)); }

    /// A fresh head; the old one is dropped.
    void replaceHead(int classes, std::uint64_t seed);
    void train(bool on = true);
    /// 4-D weights in channels-last layout. REQUIRES: called before an optimiser takes the parameters.
    void useChannelsLast();
    void fold() { m_backbone->fold(); }

    /// Parameters that learn, in a fixed order; without the backbone's when `headOnly`.
    std::vector<at::Tensor> parameters(bool headOnly = false) const;
    std::vector<std::string> parameterNames(bool headOnly = false) const;
    /// Every parameter and buffer by torchvision's name; the tensors are shared, not copied.
    TensorMap state() const;
    /// Copies every tensor of `from` into its namesake. wrongShape (args: name, found, expected) and nothing changed
    /// when a name is missing, unknown or of another shape, nonFinite when a number is. Names of other heads and of
    /// projectors
    /// ("projector.", "predictor.") are left out; `head` false: the head is left as it is, even when `from` has one.
    Status load(const TensorMap& from, bool head = true);
    /// Whether every parameter and buffer is finite.
    bool isFinite() const;

private:
    Network() = default;
    std::string m_model;
    int m_classes = 0;
    std::shared_ptr<Backbone> m_backbone;
    torch::nn::Linear m_head{nullptr};
};

} // namespace foveate::learn
