// SPDX-License-Identifier: GPL-3.0-or-later
// Uncertainty map (P4 Fig. 1–2): how much a Deep Taylor map changes, pixel by pixel, when features are dropped.
//
// T passes with dropout .5 before the head. The trunk's activations do not depend on the masks and are computed once;
// each pass hands its own relevance back through them. float32; masks by the seed and the pass alone.
#pragma once

#include "explain/DeepTaylor.h"

#include <cstdint>

namespace foveate::explain {

struct DropoutPasses {
    int count = 20; ///< T, at least 2; more make the variance steadier
    std::uint64_t seed = 1;
};

/// map: the variance over the passes (divided by T), relevance of one unit; logits and classes without dropout; lost:
/// the passes' mean. images [N,1|3,S,S], normalised, explained one by one. wrongShape for a class the head has not;
/// nonFinite.
Result<DeepTaylor> uncertainty(const Layers& layers, const learn::Normalisation& normalisation,
                               const at::Tensor& images, const DropoutPasses& passes, int classIndex = -1);

} // namespace foveate::explain
