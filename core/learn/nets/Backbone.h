// SPDX-License-Identifier: GPL-3.0-or-later
// Backbone: images → maps → features, by one of torchvision's architectures without its last linear layer.
//
// Models: resnet18, resnet34, resnet50, vgg16, vgg16_bn, densenet121 (names, shapes and numbers torchvision's), and
// "tiny" (three convolutions, for tests and weak machines). First weights as torchvision draws them (He; VGG's linear
// layers N(0, .01)), but from the seed alone, on any machine.
#pragma once

#include "base/Result.h"
#include "learn/nets/FoldedGraph.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace foveate::learn {

/// Probabilities of dropping a value in training.
struct Dropout {
    double head = 0;   ///< before the classifier
    double layers = 0; ///< in every dense layer of a DenseNet (P4: .2), behind VGG's first linear layer
    bool operator==(const Dropout&) const = default;
};

class Backbone : public Graph {
public:
    /// `head`: the classifier's name in a state; `fanOut`: convolutions start by their outputs, else by their inputs.
    explicit Backbone(std::string head, bool fanOut = true) : m_headName(std::move(head)), m_fanOut(fanOut) {}
    /// The target layer of Grad-CAM: what it gives are the maps. Called once, when the node is the last.
    void markMaps() { m_maps = last(); }
    int mapsNode() const { return m_maps; }

    /// Activations of the last convolutional stage after its ReLU, [N,·,h,w].
    at::Tensor maps(const at::Tensor& images) const { return run(threeChannels(images), 0, m_maps); }
    /// [N,D], float32 outside autocast.
    at::Tensor featuresOfMaps(const at::Tensor& maps) const { return run(maps, m_maps, last()); }
    at::Tensor features(const at::Tensor& images) const { return forward(images); }

    /// Makes foldedMaps() and foldedFeatures() ready: evaluation with the weights as they are now, in `dtype`
    /// (float32 or bfloat16), float32 out.
    void fold(at::ScalarType dtype = at::kFloat);
    at::Tensor foldedMaps(const at::Tensor& images) const;
    at::Tensor foldedFeatures(const at::Tensor& images) const;

    int dimension() const { return m_dimension; } ///< D
    void setDimension(int dimension) { m_dimension = dimension; }
    const std::string& headName() const { return m_headName; }
    /// First weights.
    void initialise(std::uint64_t seed);

private:
    std::string m_headName;
    bool m_fanOut;
    int m_maps = 0;
    int m_dimension = 0;
    std::optional<FoldedGraph> m_folded;
};

std::vector<std::string> backboneModels();
/// Dropout as torchvision has it: VGG .5 and .5, others none.
Dropout usualDropout(const std::string& model);
/// notFound (args: "model", name) for an unknown model.
Result<std::shared_ptr<Backbone>> makeBackbone(const std::string& model, const Dropout& dropout, std::uint64_t seed);

} // namespace foveate::learn
