// SPDX-License-Identifier: GPL-3.0-or-later
// PretrainJob: learning without labels on the training split (or samples of no split), then features of all samples.
//
// A step is one mini-batch of two views per image, one batch of features, or one epoch of the probe. Options:
// PretrainOptions.h. Writes weights.safetensors (the encoder), features.npy and rows.npy. metrics.jsonl per epoch:
// epoch, step, loss, contrastive_accuracy, cross_view_accuracy, embedding_std, learning_rate, collapsed; under
// `evaluate` lines with knn figures. result.json: method, epochs, loss, contrastive_accuracy, cross_view_accuracy,
// embedding_std, collapsed, images_per_second (images of two views each, training only); with `evaluate` knn, knn20,
// probe and probe_linear, each accuracy and f1_weighted. Failures: notFound (args: "training images", count) for fewer
// than two images, wrongShape for a parent or pack of another shape; nonFinite when the loss stays so (three skipped
// steps lead back to the last checkpoint with half the rate, at most three times); outOfMemory after three halvings of
// the batch; noTruth, needsClasses under `evaluate`.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn::ssl {

Result<std::unique_ptr<RunJob>> makePretrainJob(RunContext context);

} // namespace foveate::learn::ssl
