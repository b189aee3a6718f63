// SPDX-License-Identifier: GPL-3.0-or-later
// `kurtosis` (P4): maps whose values are concentrated in few pixels first (methods.md §4.7).
#include "query/strategies/Measured.h"

namespace foveate::query {
namespace {

Result<Ranking> rankKurtosis(const Pool& pool, const Variant& variant)
{
    FOVEATE_TRY(const Measured measured, measuredBy(pool, kKurtosisMeasure, variant));
    std::vector<Ranked> items = unjudged(pool);
    for (const std::size_t i : measured.known) {
        items[i].score = double(measured.row(i)[0]);
        items[i].reason = {ReasonCode::kurtosis, {items[i].score}};
    }
    return Ranking{ranking(std::move(items))};
}

} // namespace

const Strategy kKurtosis{"kurtosis", kNeedsMeasures, &kKurtosisMeasure, rankKurtosis};

} // namespace foveate::query
