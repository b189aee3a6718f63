// SPDX-License-Identifier: GPL-3.0-or-later
// PredictJob: scores of all samples by the parent's weights: job "predict" (needs a head) and "embed" (features alone
// suffice).
//
// Options: mc 0 — passes with dropout .5 before the head, trunk computed once; > 0 writes mc.npy float32 [mc,N,C] too.
// needsTraining (args: "train" or "pretrain") without a parent, or for predict when the parent has no head.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn {

Result<std::unique_ptr<RunJob>> makePredictJob(RunContext context);
Result<std::unique_ptr<RunJob>> makeEmbedJob(RunContext context);

} // namespace foveate::learn
