// SPDX-License-Identifier: GPL-3.0-or-later
// `coreset`: k-center greedy on the encoder's features, from what is labelled (methods.md §4.4). The first
// Options::count are picked one by one; the rest follow by their distance to what is labelled or picked.
#include "query/CoreSet.h"
#include "query/strategies/Strategies.h"

namespace foveate::query {
namespace {

Result<Ranking> rankCoreset(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    const FiniteRows rows = finiteRows(pool.features, pool.dimensions);
    const FiniteRows start = finiteRows(pool.labelled.features, pool.dimensions);
    const Centres centres =
        farthestPoints(rows.points(), start.points(), std::size_t(pool.options.count), pool.threads);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Ranked& item = items[rows.places[i]];
        item.score = centres.remaining[i];
        item.reason = {ReasonCode::coreset, {item.score, 0}};
    }
    // Picks stand before all others in their own order: their distances fall, but equal ones must not go by id.
    const double least = centres.distances.empty() ? 0 : centres.distances.back();
    for (std::size_t k = 0; k < centres.rows.size(); ++k) {
        Ranked& item = items[rows.places[centres.rows[k]]];
        const double after = double(centres.rows.size() - k) / double(centres.rows.size());
        item.score = centres.distances[k] + (1e-9 * least + 1e-12) * after;
        item.reason = {ReasonCode::coreset, {centres.distances[k], 1}};
    }
    return Ranking{ranking(std::move(items))};
}

} // namespace

const Strategy kCoreset{"coreset", kNeedsFeatures, nullptr, rankCoreset};

} // namespace foveate::query
