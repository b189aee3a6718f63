// SPDX-License-Identifier: GPL-3.0-or-later
// Normalised discounted cumulative gain: how high a ranking puts what is relevant.
//
// Gain 2^relevance − 1, discount 1/log2(1 + rank), divided by the best order's; equal scores share their ranks'
// discounts (McSherry 2008). Scikit-learn's ndcg_score with 2^relevance − 1 passed to it.
#pragma once

#include "base/Result.h"

#include <cstddef>
#include <span>

namespace foveate::score {

/// In [0,1]; 0 when nothing is relevant. `top`: ranks that count, 0 for all. wrongShape when the lengths differ,
/// nonFinite for a NaN or infinity, badInput for a relevance below 0.
Result<double> ndcg(std::span<const double> relevance, std::span<const double> scores, std::size_t top = 0);

} // namespace foveate::score
