// SPDX-License-Identifier: GPL-3.0-or-later
// Points: N vectors of D features, lent; what every function of this folder works on.
#pragma once

#include "base/Result.h"

#include <cstddef>
#include <span>
#include <vector>

namespace foveate::embed {

/// [N,D] row-major float32, lent.
struct Points {
    std::span<const float> values;
    std::size_t dimensions = 0;
    std::size_t rows() const { return dimensions == 0 ? 0 : values.size() / dimensions; }
    const float* row(std::size_t i) const { return values.data() + i * dimensions; }
};

/// wrongShape without a point or a dimension.
Status checkShape(Points points);
/// wrongShape without a point or a dimension; nonFinite for NaN or infinity in a feature.
Status checkPoints(Points points);
/// The features of these rows, one behind the other. REQUIRES: rows that there are.
std::vector<float> gathered(Points points, std::span<const std::size_t> rows);

} // namespace foveate::embed
