// SPDX-License-Identifier: GPL-3.0-or-later
// `random` and `stratified`: by chance, the latter with every prefix of the list holding the classes in the pool's
// proportions (P1, Table II).
#include "query/strategies/Strategies.h"

#include "base/Random.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace foveate::query {
namespace {

/// A number of its own for each id: a sample's place among the others does not change when some leave the pool.
double lot(const Pool& pool, const char* purpose, const std::string& id)
{
    return Random::derive(pool.seed, std::string(purpose) + ' ' + id).uniform();
}

Result<Ranking> rankRandom(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    for (Ranked& item : items) {
        item.score = lot(pool, "random", item.id);
        item.reason = {ReasonCode::random, {}};
    }
    return Ranking{ranking(std::move(items))};
}

/// The given class of each sample, else the most probable one; −1: not known.
std::vector<int> strataOf(const Pool& pool)
{
    if (!pool.strata.empty())
        return {pool.strata.begin(), pool.strata.end()};
    std::vector<int> strata;
    for (std::size_t i = 0; i < pool.ids.size(); ++i) {
        const auto row = pool.probabilities.subspan(i * pool.classes, pool.classes);
        const bool known = std::all_of(row.begin(), row.end(), [](float p) { return std::isfinite(p); });
        strata.push_back(known ? int(std::max_element(row.begin(), row.end()) - row.begin()) : -1);
    }
    return strata;
}

Result<Ranking> rankStratified(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    const std::vector<int> strata = strataOf(pool);
    std::map<int, std::vector<std::pair<double, std::size_t>>> members;
    for (std::size_t i = 0; i < items.size(); ++i)
        if (strata[i] >= 0)
            members[strata[i]].emplace_back(lot(pool, "stratified", items[i].id), i);
    // The j-th of n members stands at (j + ½)/n of the list: so the strata interleave in proportion.
    for (auto& [stratum, drawn] : members) {
        std::sort(drawn.begin(), drawn.end());
        for (std::size_t j = 0; j < drawn.size(); ++j) {
            Ranked& item = items[drawn[j].second];
            item.score = 1 - (double(j) + .5) / double(drawn.size());
            item.reason = {ReasonCode::stratified, {double(stratum)}};
        }
    }
    return Ranking{ranking(std::move(items))};
}

} // namespace

const Strategy kRandom{"random", kNeedsNothing, nullptr, rankRandom};
const Strategy kStratified{"stratified", kNeedsProbabilities, nullptr, rankStratified};

} // namespace foveate::query
