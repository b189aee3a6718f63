// SPDX-License-Identifier: GPL-3.0-or-later
// Two views of every image of a batch as one tensor.
#pragma once

#include "learn/PackBatches.h"
#include "learn/augment/Preset.h"

#include <ATen/ATen.h>
#include <cstdint>
#include <span>

namespace foveate::learn::ssl {

/// float32 [2N,C,S,S] in channels-last layout, the first views before the second ones. A view depends on seed, epoch,
/// row and which of the two it is, and on nothing else: neither threads nor a resume change it.
at::Tensor twoViews(const PackBatches& batches, std::span<const std::int64_t> rows, const augment::Preset& preset,
                    std::uint64_t seed, int epoch);

} // namespace foveate::learn::ssl
