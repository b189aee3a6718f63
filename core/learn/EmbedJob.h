// SPDX-License-Identifier: GPL-3.0-or-later
// EmbedJob: features of all samples by the parent's weights, and from them a map and clusters: job "embed".
//
// Options: map "none" (pca, umap, tsne), neighbours 15, minimum_distance .1, perplexity 30, rounds 0 (the method's
// own), hold false, clusters 0 (k-means on at most 8 whitened components). Writes features.npy, rows.npy and, when
// asked for, map.npy float32 [N,2] and clusters.npy int64 [N]. Where input/previous-map.npy and previous-rows.npy lie,
// the map goes on from there: images known there start at their places (with `hold` they stay there), new ones among
// their neighbours, and the result is aligned. A killed layout goes on from its checkpoint; what comes before it starts
// again. Errors: needsTraining without a parent, usage, those of embed/Mapping.h.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn {

Result<std::unique_ptr<RunJob>> makeEmbedJob(RunContext context);

} // namespace foveate::learn
