// SPDX-License-Identifier: GPL-3.0-or-later
// Dice's coefficient of two masks: 2|A∩B| / (|A| + |B|), in [0,1]; 1 when both are empty.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <span>

namespace foveate::score {

/// Pixels other than 0 belong to a mask. wrongShape when the lengths differ. Scikit-learn's f1_score of the pixels.
Result<double> dice(std::span<const std::uint8_t> found, std::span<const std::uint8_t> truth);

} // namespace foveate::score
