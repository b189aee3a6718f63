// SPDX-License-Identifier: GPL-3.0-or-later
// The pool's numbers by one measure.
#pragma once

#include "query/strategies/Strategies.h"

namespace foveate::query {

struct Measured {
    std::span<const float> values;
    std::size_t columns = 0;
    std::vector<std::size_t> known; ///< rows whose numbers are all finite
    std::span<const float> row(std::size_t i) const { return values.subspan(i * columns, columns); }
};

/// needsTraining (args: "train") when nobody has measured; wrongShape.
Result<Measured> measuredBy(const Pool& pool, const Measure& measure, const Variant& variant);

} // namespace foveate::query
