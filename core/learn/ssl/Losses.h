// SPDX-License-Identifier: GPL-3.0-or-later
// Losses of learning without labels (methods.md §2), on two views of N images.
//
// z is float32 [2N,D]: row i and row N+i are the two views of image i. Where a loss compares angles it normalises the
// rows itself. Each returns a scalar that is differentiable in z, the mean over both views. Reference: lightly 1.6
// (values and gradients within 1e-5). REQUIRES: N ≥ 2.
#pragma once

#include <ATen/ATen.h>

namespace foveate::learn::ssl {

/// −log( e^{s(a,b)/τ} / Σ_{c≠a} e^{s(a,c)/τ} ) over all 2N (SimCLR). Smaller τ: near negatives weigh more.
at::Tensor ntXent(const at::Tensor& z, double temperature);

/// The positive stands outside the sum: −s(a,b)/τ + log Σ over the 2N − 2 negatives (decoupled contrastive learning).
at::Tensor dcl(const at::Tensor& z, double temperature);

/// DCL with the positive term × (2 − N·softmax_i(s_ii/σ)), the weight without gradient, both directions averaged.
at::Tensor dclw(const at::Tensor& z, double temperature, double sigma);

/// As P3's code has it: anchors of the first view only, and the gradient flows through the weight.
at::Tensor dclwOneSided(const at::Tensor& z, double temperature, double sigma);

/// −½ cos(p_a, z_b) − ½ cos(p_b, z_a), no gradient through z (SimSiam). p = z: P3's form without predictor.
at::Tensor simSiam(const at::Tensor& p, const at::Tensor& z);

/// The variance hinges of the two views are averaged (lightly) or summed (P3's code).
enum class Hinge { mean, sum };
/// 25·MSE + 25·hinge(1 − √(var + 1e-4)) + covariance²/D (VICReg); rows as they are.
at::Tensor vicReg(const at::Tensor& z, Hinge hinge);

struct ContrastiveAccuracy {
    double all = 0;       ///< share of views whose partner is nearest among the 2N − 1 others
    double crossView = 0; ///< … among the N of the other view (P1's figure)
};
ContrastiveAccuracy contrastiveAccuracy(const at::Tensor& z);

/// Mean over the dimensions of the standard deviation of normalised rows: 1/√D for directions spread evenly, near 0
/// when all images fall onto one point.
double embeddingDeviation(const at::Tensor& z);

} // namespace foveate::learn::ssl
