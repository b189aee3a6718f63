// SPDX-License-Identifier: GPL-3.0-or-later
// Grad-CAM (Selvaraju 2017): where the target layer speaks for a class. Raw values, not scaled.
//
// map = ReLU(Σ_k mean_{xy}(∂logit_c/∂A_k) · A_k), bilinear (align_corners false) to the image's size, float32. Only the
// part of the network behind the target layer is differentiated. Oracle: pytorch-grad-cam, max |Δ| ≤ 1e-5 of the
// maximum.
#pragma once

#include "base/Result.h"
#include "learn/Network.h"

#include <vector>

namespace foveate::explain {

struct GradCam {
    at::Tensor map;             ///< [N,S,S], ≥ 0
    at::Tensor probabilities;   ///< [N,C]
    std::vector<int> classes;   ///< explained class of each image
    std::vector<bool> evidence; ///< false: no positive evidence, the map is all zero
};

/// images [N,C,S,S]; classIndex < 0: each image's predicted class. REQUIRES: a head. wrongShape for a class the head
/// has not; nonFinite when a map or probability is not finite. The network is put into evaluation mode.
Result<GradCam> gradCam(learn::Network& network, const at::Tensor& images, int classIndex = -1);

} // namespace foveate::explain
