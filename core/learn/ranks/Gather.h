// SPDX-License-Identifier: GPL-3.0-or-later
// Gather: the embeddings of all ranks' images, so that a contrastive loss sees the negatives of the whole batch.
#pragma once

#include "learn/ranks/Group.h"

namespace foveate::learn {

/// `own` [2n,D], first views first, of this rank's share of `images`; the result [2·images,D] holds the first views of
/// all ranks, by rank, then the second ones. Every rank works out the same loss of it. Its gradient with respect to
/// `own` is `count` times the loss's: averaged over the ranks, as GradientMean does, the parameters' gradients are
/// those of one process with the whole batch.
at::Tensor gatherViews(const at::Tensor& own, const Group& group, std::size_t images);

} // namespace foveate::learn
