// SPDX-License-Identifier: GPL-3.0-or-later
// Deep Taylor decomposition (Montavon 2017): one unit of relevance, handed from a class's logit back to the pixels.
//
// Rules (methods.md §5), each x_i's share of what its layer hands down: convolutions and dense layers z⁺ (x_i w⁺_ij,
// biases left out); the first convolution z^B, bounded by black and white; sums by their positive parts; average
// pooling behind a ReLU by value; DenseNet's transitions, whose input is signed, evenly; max pooling to the winner;
// norms without a convolution before them, and ReLUs, pass it on. No autograd: the forward pass keeps its activations,
// the way back is a transposed convolution with the weights' positive part. Every relevance is ≥ 0. A unit that no
// input speaks for (a dead denominator) loses its relevance; the share lost on the whole way is stored. Oracle: zennit
// with peers' composite, 1 − Pearson ≤ 1e-5. The same input gives the same bytes for any batch or threads on one
// machine. float32; one thread at a time.
//
// Under Rules::innvestigate (P4's maps: iNNvestigate's default) a convolution or dense layer that has a ReLU of its own
// hands down by z⁺ (x⁺w⁺ + x⁻w⁻ at the image) and any other by w², whatever its input: all of them where norms stand
// between, as in ResNet and DenseNet, and the last of VGG16. Norms and pools hand down their gradient, sums the whole
// to either term. Neither ≥ 0 nor conserved.
#pragma once

#include "explain/Layers.h"
#include "learn/PackBatches.h"

#include <vector>

namespace foveate::explain {

/// Above this share of lost relevance a map is not used for ranking.
inline constexpr double kLostLimit = .05;

struct DeepTaylor {
    at::Tensor map;           ///< [N,S,S], ≥ 0, sum 1 − lost; summed over the colour channels
    at::Tensor logits;        ///< [N,C]
    std::vector<int> classes; ///< explained class of each image
    std::vector<double> lost; ///< share in [0,1]; 1: nothing speaks for the class
};

/// images [N,1|3,S,S], normalised. wrongShape for a class the head has not; nonFinite.
Result<DeepTaylor> deepTaylor(const Layers& layers, const learn::Normalisation& normalisation, const at::Tensor& images,
                              int classIndex = -1);

/// The same in parts, for those who start somewhere else than at one logit.
class RelevancePass {
public:
    /// Computes and keeps every activation. images [N,1|3,S,S].
    RelevancePass(const Layers& layers, const learn::Normalisation& normalisation, const at::Tensor& images);

    const at::Tensor& output(int place) const { return m_outputs[std::size_t(place)]; }
    const at::Tensor& logits() const { return m_outputs.back(); }
    /// Relevance at the output of the layer at `place` → [N,S,S]. With one image any number of relevances may be handed
    /// in at once. Used up: `relevance` is written to.
    /// `held`, when asked for: for every layer from `place` down, the sum per image of what it was handed and of what
    /// it handed down, [2,N].
    at::Tensor toImage(int place, at::Tensor relevance, std::vector<at::Tensor>* held = nullptr) const;

private:
    const at::Tensor& input(const Layer& layer, std::size_t i) const;
    std::vector<at::Tensor> handDown(const Layer& layer, at::Tensor relevance) const;

    const Layers& m_layers;
    at::Tensor m_images;  ///< [N,3,S,S]
    at::Tensor m_bounded; ///< [N,6,S,S]: above black and below white; innvestigate: above and below 0
    std::vector<at::Tensor> m_outputs;
};

} // namespace foveate::explain
