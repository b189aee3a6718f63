// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/strategies/Strategies.h"

#include <algorithm>
#include <cmath>

namespace foveate::query {

std::vector<Ranked> unjudged(const Pool& pool)
{
    std::vector<Ranked> items;
    items.reserve(pool.ids.size());
    for (const std::string& id : pool.ids)
        items.push_back({id, kNoEvidence, 0, {}});
    return items;
}

FiniteRows finiteRows(std::span<const float> values, std::size_t dimensions)
{
    FiniteRows rows{{}, {}, dimensions};
    for (std::size_t i = 0; dimensions > 0 && (i + 1) * dimensions <= values.size(); ++i) {
        const auto row = values.subspan(i * dimensions, dimensions);
        if (!std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); }))
            continue;
        rows.places.push_back(i);
        rows.values.insert(rows.values.end(), row.begin(), row.end());
    }
    return rows;
}

FiniteRows joined(FiniteRows first, const FiniteRows& second, std::size_t offset)
{
    for (const std::size_t place : second.places)
        first.places.push_back(offset + place);
    first.values.insert(first.values.end(), second.values.begin(), second.values.end());
    return first;
}

} // namespace foveate::query
