// SPDX-License-Identifier: GPL-3.0-or-later
// PretrainJob: learning without labels on the training split (or samples of no split), then features of all samples.
//
// A step is one step of the optimiser, one batch of features, or one epoch of a probe. Options: PretrainOptions.h.
// Writes weights.safetensors (the encoder), features.npy and rows.npy. metrics.jsonl per epoch: epoch, step, loss,
// contrastive_accuracy, cross_view_accuracy, embedding_std, learning_rate, collapsed; under `evaluate` every few epochs
// a line with the figures of Examination.h, kNN and linear probe. result.json: method, epochs, loss,
// contrastive_accuracy, cross_view_accuracy, embedding_std, collapsed, images_per_second (images of two views each,
// training only); with `evaluate` all of Examination's figures. Failures: notFound (args: "training images", count) for
// fewer than two images, wrongShape for a parent or pack of another shape; nonFinite when the loss stays so (three
// skipped steps, or features that are not finite, lead back to the last checkpoint with half the rate, at most three
// times); outOfMemory after three halvings of the batch; noTruth, needsClasses under `evaluate`.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn::ssl {

Result<std::unique_ptr<RunJob>> makePretrainJob(RunContext context);

} // namespace foveate::learn::ssl
