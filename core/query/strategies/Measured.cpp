// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/strategies/Measured.h"

#include <algorithm>
#include <cmath>

namespace foveate::query {

Result<Measured> measuredBy(const Pool& pool, const Measure& measure, const Variant& variant)
{
    const auto table = std::find_if(pool.measures.begin(), pool.measures.end(), [&](const MeasureTable& t) {
        return t.measure == measure.name && t.ofImage == variant.ofImage;
    });
    if (table == pool.measures.end())
        return fail(Code::needsTraining, {"train"});
    if (table->values.size() != pool.ids.size() * measure.columns)
        return fail(Code::wrongShape, {std::string(measure.name), std::to_string(table->values.size()),
                                       std::to_string(pool.ids.size() * measure.columns)});
    Measured measured{table->values, measure.columns, {}};
    for (std::size_t i = 0; i < pool.ids.size(); ++i) {
        const auto row = measured.row(i);
        if (std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); }))
            measured.known.push_back(i);
    }
    return measured;
}

} // namespace foveate::query
