// SPDX-License-Identifier: GPL-3.0-or-later
// TrainJob: supervised fine-tuning as P1 does it (methods.md §7), then scores of all samples.
//
// Cross-entropy with class weights n/(C·n_c), light augmentation, early stopping on the validation loss (or accuracy)
// of a stratified 80/20 split by patient when there are enough labels; the last few epochs learn from all labels. Only
// labelled samples of the training split (or of no split) are seen. A step is one mini-batch. Options: TrainOptions.h,
// all optional. With `freeze` batch norm keeps its running statistics, otherwise it learns.
// needsLabels and needsClasses when there is too little to learn from; nonFinite when the loss stays so (three skipped
// steps lead back to the last finite checkpoint with half the learning rate, at most three times); outOfMemory after
// three halvings.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn {

Result<std::unique_ptr<RunJob>> makeTrainJob(RunContext context);

} // namespace foveate::learn
