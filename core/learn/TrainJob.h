// SPDX-License-Identifier: GPL-3.0-or-later
// TrainJob: supervised fine-tuning as P1 does it (methods.md §7), then scores of all samples.
//
// Cross-entropy with class weights n/(C·n_c), Adam, light augmentation, early stopping on the validation loss of a
// stratified 80/20 split by patient when there are enough labels; the last few epochs learn from all labels. Only
// labelled samples of the training split (or of no split) are seen. A step is one mini-batch. Options (JSON, all
// optional):
//   preset "small" (the values below) | model "resnet18" | size: the parent's, else the pack's | epochs 25 (more:
//   longer, later stop) | batch 32 | learning_rate 3e-4 | class_weights true | patience 3 (epochs without a better
//   validation loss) | judge_from 15 (epoch from which that counts) | validate_from 50 (labels needed for the split) |
//   join_epochs 5 (of `epochs`, on all labels; 0: P1's way) | freeze false (train the head alone) | augment:
//   "grey-weak" for 1 channel, "histology-weak" for 3, or "none".
// needsLabels and needsClasses when there is too little to learn from; nonFinite when the loss stays so (three skipped
// steps lead back to the last finite checkpoint with half the learning rate, at most three times); outOfMemory after
// three halvings.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn {

Result<std::unique_ptr<RunJob>> makeTrainJob(RunContext context);

} // namespace foveate::learn
