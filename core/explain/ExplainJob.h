// SPDX-License-Identifier: GPL-3.0-or-later
// ExplainJob: saliency maps of a run's samples as raw float32 [S,S] arrays, maps/<id>-<method>-<class>.npy.
//
// Options: method "gradcam" | class "predicted" or an index | rows: pack rows to explain, default all samples.
// Writes maps.json too: per map id, row, class, low, high, evidence. needsTraining without a parent that has a head.
#pragma once

#include "learn/RunJob.h"

namespace foveate::explain {

Result<std::unique_ptr<learn::RunJob>> makeExplainJob(learn::RunContext context);

} // namespace foveate::explain
