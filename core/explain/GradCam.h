// SPDX-License-Identifier: GPL-3.0-or-later
// Grad-CAM (Selvaraju 2017): where the target layer speaks for a class. Raw values, not scaled.
//
// map = ReLU(Σ_k mean_{xy}(∂logit_c/∂A_k) · A_k), bilinear (align_corners false) to the image's size, float32. Only the
// part of the network behind the target layer is differentiated. Oracle: pytorch-grad-cam, max |Δ| ≤ 1e-5 of the
// maximum.
#pragma once

#include "explain/Layers.h"

#include <vector>

namespace foveate::explain {

struct GradCam {
    at::Tensor map;           ///< [N,S,S], ≥ 0; all zero where nothing speaks for the class
    at::Tensor logits;        ///< [N,C]
    std::vector<int> classes; ///< explained class of each image
};

/// images [N,1|3,S,S], normalised; classIndex < 0: each image's predicted class. wrongShape for a class the head has
/// not; nonFinite when a map or logit is not finite.
Result<GradCam> gradCam(const Layers& layers, const at::Tensor& images, int classIndex = -1);

} // namespace foveate::explain
