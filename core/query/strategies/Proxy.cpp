// SPDX-License-Identifier: GPL-3.0-or-later
// `proxy` (P2): the entropy of a linear layer trained on frozen features, or their core-set, among 10,000 candidates
// drawn from the pool (methods.md §4.11).
#include "query/CoreSet.h"
#include "query/LinearProxy.h"
#include "query/Uncertainty.h"
#include "query/strategies/Strategies.h"

#include "base/Random.h"

#include <algorithm>

namespace foveate::query {
namespace {

constexpr std::size_t kCandidates = 10000;

/// The first by lot, back in their order.
FiniteRows candidatesOf(const Pool& pool, const FiniteRows& all)
{
    if (all.size() <= kCandidates)
        return all;
    std::vector<std::pair<double, std::size_t>> lots;
    for (std::size_t i = 0; i < all.size(); ++i)
        lots.emplace_back(Random::derive(pool.seed, "candidate " + pool.ids[all.places[i]]).uniform(), i);
    std::nth_element(lots.begin(), lots.begin() + kCandidates, lots.end());
    lots.resize(kCandidates);
    std::sort(lots.begin(), lots.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    FiniteRows chosen{{}, {}, all.dimensions};
    for (const auto& [lot, i] : lots) {
        chosen.places.push_back(all.places[i]);
        chosen.values.insert(chosen.values.end(), all.points().row(i), all.points().row(i) + all.dimensions);
    }
    return chosen;
}

Status byEntropy(const Pool& pool, const FiniteRows& candidates, const FiniteRows& known, std::vector<Ranked>& items)
{
    std::vector<int> labels;
    for (const std::size_t place : known.places)
        labels.push_back(pool.labelled.classes[place]);
    ProxyOptions options;
    options.seed = pool.seed;
    FOVEATE_TRY(const std::vector<float> p,
                proxyProbabilities(known.points(), labels, int(pool.classes), candidates.points(), options));
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const Doubt doubt = entropy(std::span(p).subspan(i * pool.classes, pool.classes));
        items[candidates.places[i]].score = 1 + doubt.score;
        items[candidates.places[i]].reason = {ReasonCode::proxy, doubt.reason.numbers};
    }
    return {};
}

void byCoreset(const Pool& pool, const FiniteRows& candidates, const FiniteRows& known, std::vector<Ranked>& items)
{
    const Centres centres =
        farthestPoints(candidates.points(), known.points(), std::size_t(pool.options.count), pool.threads);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        Ranked& item = items[candidates.places[i]];
        item.score = 1 + centres.remaining[i] / (1 + centres.remaining[i]);
        item.reason = {ReasonCode::coreset, {centres.remaining[i], 0}};
    }
    for (std::size_t k = 0; k < centres.rows.size(); ++k) {
        Ranked& item = items[candidates.places[centres.rows[k]]];
        item.score = 3 - double(k) / double(centres.rows.size());
        item.reason = {ReasonCode::coreset, {centres.distances[k], 1}};
    }
}

Result<Ranking> rankProxy(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    const FiniteRows all = finiteRows(pool.features, pool.dimensions);
    const FiniteRows known = finiteRows(pool.labelled.features, pool.dimensions);
    const FiniteRows candidates = candidatesOf(pool, all);
    for (const std::size_t place : all.places) {
        items[place].score = 0;
        items[place].reason = {ReasonCode::notCandidate, {}};
    }
    if (pool.options.proxyBy == ProxyBy::coreset)
        byCoreset(pool, candidates, known, items);
    else
        FOVEATE_CHECK(byEntropy(pool, candidates, known, items));
    return Ranking{ranking(std::move(items))};
}

} // namespace

const Strategy kProxy{"proxy", kNeedsFeatures | kNeedsLabels | kNeedsOneClass, nullptr, rankProxy};

} // namespace foveate::query
