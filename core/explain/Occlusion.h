// SPDX-License-Identifier: GPL-3.0-or-later
// Occlusion (Zeiler 2014): how much a class's logit falls when a part of the image is covered by the mean colour.
//
// Windows on a grid, or boxes drawn at random (P1). Each pixel has the mean fall over the windows that cover it; where
// none does, 0. Values have either sign: below 0 the covered part spoke against the class. Each window's logits are
// computed exactly, but only where they can differ (Patches.h). Oracle: captum's Occlusion. float32.
#pragma once

#include "explain/Patches.h"

#include <cstdint>
#include <vector>

namespace foveate::explain {

struct OcclusionOptions {
    int window = 32; ///< pixels; larger blurs the map
    int stride = 16; ///< pixels; smaller costs by its square; at most `window`, or parts stay uncovered
    int boxes = 0;   ///< > 0: that many random boxes rather than the grid
    std::uint64_t seed = 1;
};

struct Occlusion {
    at::Tensor map;           ///< [N,S,S]
    at::Tensor logits;        ///< [N,C] of the images as they are
    std::vector<int> classes; ///< explained class of each image
};

/// Windows from the upper left corner on; the last of a row or column may be cut at the border.
std::vector<Rectangle> occlusionGrid(int size, int window, int stride);
/// Sides uniform in [size/16, size/4], each inside the image.
std::vector<Rectangle> randomBoxes(int size, int count, std::uint64_t seed);

/// images [N,1|3,S,S], normalised. usage (args: "window" or "stride") below 1; wrongShape for a class the head has not;
/// nonFinite.
Result<Occlusion> occlusion(const Layers& layers, const at::Tensor& images, const OcclusionOptions& options,
                            int classIndex = -1);

} // namespace foveate::explain
