// SPDX-License-Identifier: GPL-3.0-or-later
// Patches: a network's logits for many versions of one image that differ from it in one rectangle each, exactly.
//
// What a rectangle changes stays near it for most of a network's depth (ResNet-18: a 32 px window changes a twelfth of
// layer1, a quarter of layer2, everything from layer4 on), so each layer is computed only where it can have changed,
// and the rest is taken from the unchanged image. The numbers are those of the whole computation up to rounding.
// float32; the same bytes for any number of threads. (Nakandala 2019, "Krypton", for occlusion.)
#pragma once

#include "explain/Layers.h"

#include <span>
#include <vector>

namespace foveate::explain {

/// In pixels of the image, clipped to it; of at least one pixel.
struct Rectangle {
    int y = 0, x = 0, height = 0, width = 0;
    bool operator==(const Rectangle&) const = default;
};

class Patches {
public:
    /// Computes and keeps the activations of the unchanged image [1,3,S,S], channels last. `layers` must outlive this.
    Patches(const Layers& layers, const at::Tensor& image);

    const at::Tensor& logits() const { return m_outputs.back(); } ///< [1,C]
    /// Logits [n,C] of n images, the k-th with `fill` [3] inside rectangle k.
    at::Tensor logitsWith(std::span<const Rectangle> rectangles, const at::Tensor& fill) const;

private:
    at::Tensor chunk(std::span<const Rectangle> rectangles, const at::Tensor& fill) const;

    const Layers& m_layers;
    at::Tensor m_image;
    std::vector<at::Tensor> m_outputs; ///< of each layer, [1,…]
};

} // namespace foveate::explain
