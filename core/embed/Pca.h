// SPDX-License-Identifier: GPL-3.0-or-later
// Principal components from the covariance matrix (as scikit-learn's solver `covariance_eigh`).
//
// The covariance is summed in float32 blocks into double, its eigenvectors are found in double. Deterministic; any
// number of threads gives the same result. Sign: the largest entry of each axis is positive. Memory: D × D doubles.
#pragma once

#include "embed/Points.h"

#include <vector>

namespace foveate::embed {

struct Pca {
    std::size_t dimensions = 0;    ///< D
    std::vector<double> mean;      ///< [D]
    std::vector<double> axes;      ///< [K,D] row-major, orthonormal, largest variance first
    std::vector<double> variances; ///< [K], divided by N − 1, ≥ 0
    double totalVariance = 0;      ///< of all D directions
    std::size_t components() const { return variances.size(); }
    /// Share of the variance that the K axes hold, in [0,1]; 1 when there is none at all (constant columns).
    double explained() const;
};

enum class Scores { plain, whitened };

/// K is cut to min(N, D). Errors of checkPoints(). REQUIRES: components ≥ 1.
Result<Pca> fitPca(Points points, std::size_t components, int threads = 1);

/// [N,K] row-major. Whitened: each component divided by its standard deviation; one without variance is 0.
/// wrongShape when the dimensions differ.
Result<std::vector<float>> scores(const Pca& pca, Points points, Scores kind = Scores::plain, int threads = 1);

} // namespace foveate::embed
