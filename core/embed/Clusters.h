// SPDX-License-Identifier: GPL-3.0-or-later
// Clusters as Gaussians: mean and full covariance of each, how probable a point is under each, how far it lies out.
//
// Covariance: of the sample (n − 1) with 1e-6 · trace/D on the diagonal; where a cluster has fewer than 10·D points,
// shrunk to a multiple of the identity (Ledoit and Wolf 2004, as scikit-learn). A cluster of one point, or of equal
// points, gets the pooled variance of all clusters on its diagonal (1 when there is none). methods.md §4.5.
#pragma once

#include "embed/Points.h"

#include <cstdint>
#include <vector>

namespace foveate::embed {

/// One Gaussian; `factor` is what the densities are computed with.
struct Gaussian {
    std::size_t members = 0;
    double weight = 0;              ///< share of all points
    std::vector<double> mean;       ///< [D]
    std::vector<double> covariance; ///< [D,D]
    std::vector<double> factor;     ///< [D,D] lower Cholesky factor of the covariance, row-major
};

struct Clusters {
    std::size_t dimensions = 0;
    std::vector<Gaussian> gaussians; ///< [k]
};

/// The Gaussians of given labels in [0, clusters). A cluster without a member gets weight 0 and is nowhere probable.
/// Errors of checkPoints(); wrongShape when labels.size() ≠ N.
Result<Clusters> fitClusters(Points points, std::span<const int> labels, int clusters);

/// A mixture of Gaussians by expectation–maximisation from `labels` as a start (as scikit-learn's GaussianMixture,
/// full covariance, 1e-6 on the diagonal, until the mean log-likelihood gains less than 1e-3, at most `iterations`).
Result<Clusters> fitMixture(Points points, std::span<const int> labels, int clusters, int iterations = 100,
                            int threads = 1);

enum class Prior { equal, byWeight };

/// [N,k]: p_k(x) over the sum of all; rows sum to 1, also far outside (computed as logarithms).
/// `equal`: densities as they are (methods.md §4.5); `byWeight`: times the clusters' shares (a mixture's posterior).
Result<std::vector<double>> membership(const Clusters& clusters, Points points, Prior prior = Prior::equal,
                                       int threads = 1);

/// [N]: Mahalanobis distance of each point to the cluster that its label names.
Result<std::vector<double>> mahalanobis(const Clusters& clusters, Points points, std::span<const int> labels,
                                        int threads = 1);

} // namespace foveate::embed
