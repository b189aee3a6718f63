// SPDX-License-Identifier: GPL-3.0-or-later
// Trustworthiness@k (Venna and Kaski 2001): 1 − 2/(N k (2N − 3k − 1)) Σ_i Σ_{j near i in the layout} max(0, rank − k),
// rank of j among i's neighbours in the features. In [0,1], 1: no false neighbour. As scikit-learn's.
#pragma once

#include "embed/Points.h"

#include <cstdint>

namespace foveate::embed {

/// Of at most `sample` points drawn with the seed, looked at as a set of their own: time sample², memory N.
/// k is cut so that 3k < 2N − 1. wrongShape when the rows differ; 1 for fewer than three points.
Result<double> trustworthiness(Points features, Points layout, std::size_t k = 15, std::size_t sample = 3000,
                               std::uint64_t seed = 1, int threads = 1);

} // namespace foveate::embed
