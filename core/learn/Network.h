// SPDX-License-Identifier: GPL-3.0-or-later
// Network: a backbone (images → maps → features) and a head, with torchvision's parameter names and numbers.
//
// The head is linear; P3's probe has a hidden layer before it (linear, batch norm, leaky ReLU; names hidden.0 and
// hidden.1 as in a PyTorch Sequential), and what that gives are then the features.
// Images are float32 [N,C,S,S], C = 1 or 3, normalised; one channel is repeated to three at the door. The models are
// Backbone.h's. Initial weights depend on the seed alone, on any machine. Dropout draws from LibTorch's generator:
// seed it before a step that must be repeatable. One thread at a time.
#pragma once

#include "base/Result.h"
#include "learn/TensorMap.h"
#include "learn/nets/Backbone.h"

#include <cstdint>
#include <memory>
#include <string>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>
#include <vector>

namespace foveate::learn {

class Network {
public:
    /// notFound (args: "model", name) for an unknown model. classes = 0: no head.
    /// Without `dropout`: the model's usual one. `hidden`: width of the hidden layer; 0: none.
    static Result<Network> create(const std::string& model, int classes, std::uint64_t seed,
                                  std::optional<Dropout> dropout = {}, int hidden = 0);

    Backbone& backbone() { return *m_backbone; }
    const std::string& model() const { return m_model; }
    int classes() const { return m_classes; }
    /// D: of what the linear layer at the end is given.
    int dimension() const { return m_hidden ? int(m_hidden->weight.size(0)) : m_backbone->dimension(); }

    /// The linear layer at the end; null without a head.
    const torch::nn::Linear& head() const { return m_head; }
    bool hasHiddenLayer() const { return bool(m_hidden); }

    /// Whether each class is asked for itself (LabelLoss.h).
    bool multiLabel() const { return m_multiLabel; }
    void setMultiLabel(bool on) { m_multiLabel = on; }

    /// [N,D]
    at::Tensor features(const at::Tensor& images) { return hidden(m_backbone->features(images)); }
    /// … by the backbone's folded passes, in evaluation mode. REQUIRES: fold().
    at::Tensor foldedFeatures(const at::Tensor& images) { return hidden(m_backbone->foldedFeatures(images)); }
    /// What the hidden layer makes of the backbone's features; without one they themselves.
    at::Tensor hidden(const at::Tensor& features);
    /// [N,D] → [N,classes], in training with dropout before it. REQUIRES: a head.
    at::Tensor logitsOfFeatures(const at::Tensor& features);
    /// [N,D] → [N,classes] in [0,1]. REQUIRES: a head.
    at::Tensor probabilitiesOfFeatures(const at::Tensor& features);
    at::Tensor logits(const at::Tensor& images) { return logitsOfFeatures(features(images)); }

    /// A fresh head; the old one is dropped.
    void replaceHead(int classes, std::uint64_t seed);
    void train(bool on = true);
    /// The head in training, the backbone in evaluation mode.
    void trainHeadAlone();
    /// Weights and statistics. REQUIRES: as useChannelsLast().
    void moveTo(const at::Device& device);
    /// 4-D weights in channels-last layout. REQUIRES: called before an optimiser takes the parameters.
    void useChannelsLast();
    /// Our own layers in place of the library's where it pays (Graph.h).
    void useFastLayers() { m_backbone->useFastLayers(); }
    /// In training every batch norm takes in the images of all ranks.
    void synchroniseNorms(const std::shared_ptr<const Group>& group);
    /// Makes the backbone's folded passes ready.
    void fold(at::ScalarType dtype = at::kFloat) { m_backbone->fold(dtype); }
    /// The last norm of each residual branch starts at 0, so that a block begins as its shortcut (P3's code).
    void zeroResidualBranches();

    /// Parameters that learn, in a fixed order; without the backbone's when `headOnly`.
    std::vector<at::Tensor> parameters(bool headOnly = false) const;
    std::vector<std::string> parameterNames(bool headOnly = false) const;
    /// Running statistics; shared, not copied.
    std::vector<at::Tensor> buffers() const;
    /// Every parameter and buffer by torchvision's name; the tensors are shared, not copied.
    TensorMap state() const;
    /// Copies every tensor of `from` into its namesake. wrongShape (args: name, found, expected) and nothing changed
    /// when a name is missing, unknown or of another shape, nonFinite when a number is. Names of other heads ("hidden."
    /// among them) and of projectors ("projector.", "predictor.") are left out, batch norm's counters may be missing;
    /// `head` false: the head is left as it is, even when `from` has one.
    Status load(const TensorMap& from, bool head = true);
    /// Whether every parameter and buffer is finite.
    bool isFinite() const;

private:
    Network() = default;
    std::string m_model;
    int m_classes = 0;
    bool m_multiLabel = false;
    Dropout m_dropout;
    std::shared_ptr<Backbone> m_backbone;
    torch::nn::Linear m_hidden{nullptr};
    torch::nn::BatchNorm1d m_hiddenNorm{nullptr};
    std::shared_ptr<const Group> m_group; ///< null: norms are not synchronised
    torch::nn::Linear m_head{nullptr};
};

} // namespace foveate::learn
