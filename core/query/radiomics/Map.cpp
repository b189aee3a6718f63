// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/radiomics/Map.h"

#include <algorithm>
#include <cmath>

namespace foveate::query::radiomics {

Levels levels(const Map& map)
{
    Levels result;
    result.width = map.width;
    if (map.values.empty() ||
        !std::all_of(map.values.begin(), map.values.end(), [](float v) { return std::isfinite(v); }))
        return result;
    const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
    const float base = std::floor(32 * *low);
    if (!(std::floor(32 * *high) - base < float(Levels::kMost)))
        return result;
    result.of.reserve(map.values.size());
    for (const float value : map.values)
        result.of.push_back(std::uint8_t(std::floor(32 * value) - base));
    result.count = int(std::floor(32 * *high) - base) + 1;
    return result;
}

} // namespace foveate::query::radiomics
