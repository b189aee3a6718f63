// SPDX-License-Identifier: GPL-3.0-or-later
// ExplainJob: maps of a run's samples as raw float32 [S,S] arrays, maps/<id>-<method>-<class>.npy.
//
// Options: ExplainOptions.h. Writes maps.json too, a list with for each map: id, row, class, map (its file), low, high,
// evidence, lost; with `regions` also regions (file, uint8 [S,S]: 1 primary, 2 secondary, primary on top), primary and
// secondary {box [y,x,height,width], share}; with `robustness` {trials, overlap, class_agreement}; for random-occlusion
// under_boxes {overlap, class_kept}. needsTraining without a parent that has a head.
#pragma once

#include "learn/RunJob.h"

namespace foveate::explain {

Result<std::unique_ptr<learn::RunJob>> makeExplainJob(learn::RunContext context);

} // namespace foveate::explain
