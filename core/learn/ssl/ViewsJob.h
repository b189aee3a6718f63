// SPDX-License-Identifier: GPL-3.0-or-later
// ViewsJob: what a pre-training would see: some training images, each plain and in the views of its first epochs.
//
// Job "views". Options: those of PretrainJob (size, preset, method …). Writes views.npy, uint8 [N, 1 + 2E, S, S, C]:
// N ≤ 8 images in a seeded order, the image, then its two views of each of E = 4 epochs, before normalisation. With the
// seed of a run these are that run's own views. result.json: images, views, preset. Failures as PretrainJob.
#pragma once

#include "learn/RunJob.h"

namespace foveate::learn::ssl {

Result<std::unique_ptr<RunJob>> makeViewsJob(RunContext context);

} // namespace foveate::learn::ssl
