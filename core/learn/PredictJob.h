// SPDX-License-Identifier: GPL-3.0-or-later
// PredictJob: scores of all samples by the parent's weights: job "predict".
//
// Options: mc 0 — passes with dropout .5 before the head, trunk computed once; > 0 writes mc.npy float32 [mc,N,C] too.
// needsTraining (args: "train") without a parent, or when it has no head.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn {

Result<std::unique_ptr<RunJob>> makePredictJob(RunContext context);

} // namespace foveate::learn
