// SPDX-License-Identifier: GPL-3.0-or-later
// `entropy`, `margin` and `least-confidence`: a classifier's doubt (methods.md §4.2).
#include "query/Uncertainty.h"
#include "query/strategies/Strategies.h"

namespace foveate::query {
namespace {

template <Doubt (*doubt)(std::span<const float>, bool)> Result<Ranking> rankByDoubt(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    for (std::size_t i = 0; i < items.size(); ++i) {
        Doubt d = doubt(pool.probabilities.subspan(i * pool.classes, pool.classes), pool.multiLabel);
        items[i].score = d.score;
        items[i].reason = std::move(d.reason);
    }
    return Ranking{ranking(std::move(items))};
}

} // namespace

const Strategy kEntropy{"entropy", kNeedsProbabilities, nullptr, rankByDoubt<entropy>};
const Strategy kMargin{"margin", kNeedsProbabilities, nullptr, rankByDoubt<margin>};
const Strategy kLeastConfidence{"least-confidence", kNeedsProbabilities, nullptr, rankByDoubt<leastConfidence>};

} // namespace foveate::query
