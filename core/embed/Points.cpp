// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Points.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace foveate::embed {

Status checkShape(Points points)
{
    if (points.rows() == 0 || points.values.size() % points.dimensions != 0)
        return fail(Code::wrongShape,
                    {"features", std::to_string(points.values.size()), std::to_string(points.dimensions)});
    return {};
}

Status checkPoints(Points points)
{
    FOVEATE_CHECK(checkShape(points));
    // All bits of the exponent set: NaN or infinity. One pass without branches.
    std::uint32_t bad = 0;
    for (const float value : points.values) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof(bits));
        bad |= std::uint32_t((bits & 0x7f800000U) == 0x7f800000U);
    }
    return bad != 0 ? Status(fail(Code::nonFinite, {"features"})) : Status();
}

std::vector<float> gathered(Points points, std::span<const std::size_t> rows)
{
    std::vector<float> values;
    for (const std::size_t row : rows)
        values.insert(values.end(), points.row(row), points.row(row) + points.dimensions);
    return values;
}

} // namespace foveate::embed
