// SPDX-License-Identifier: GPL-3.0-or-later
// TrainingViews: one augmented view of each image of a supervised batch, as one tensor.
#pragma once

#include "learn/PackBatches.h"
#include "learn/augment/Preset.h"

#include <ATen/ATen.h>
#include <cstdint>
#include <span>

namespace foveate::learn {

/// float32 [N,C,S,S] in channels-last layout. The view of rows[i] depends on seed, epoch and entries[i], its place in
/// the epoch, and on nothing else: neither threads nor a resume change it. REQUIRES: as many entries as rows.
at::Tensor trainingViews(const PackBatches& batches, std::span<const std::int64_t> rows,
                         std::span<const std::size_t> entries, const augment::Preset& preset, std::uint64_t seed,
                         int epoch);

} // namespace foveate::learn
