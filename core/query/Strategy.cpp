// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Strategy.h"

#include "base/Random.h"
#include "base/Text.h"
#include "query/Uncertainty.h"

#include <algorithm>
#include <array>

namespace foveate::query {
namespace {

/// A number of its own for each id: a sample's place among the others does not change when some leave the pool.
std::vector<Ranked> rankRandom(const Pool& pool)
{
    std::vector<Ranked> items;
    items.reserve(pool.ids.size());
    for (const std::string& id : pool.ids)
        items.push_back({id, Random::derive(pool.seed, "random " + id).uniform(), 0, {ReasonCode::random, {}}});
    return ranking(std::move(items));
}

template <Doubt (*doubt)(std::span<const float>)> std::vector<Ranked> rankByDoubt(const Pool& pool)
{
    std::vector<Ranked> items;
    items.reserve(pool.ids.size());
    for (std::size_t i = 0; i < pool.ids.size(); ++i) {
        Doubt d = doubt(pool.probabilities.subspan(i * pool.classes, pool.classes));
        items.push_back({pool.ids[i], d.score, 0, std::move(d.reason)});
    }
    return ranking(std::move(items));
}

constexpr std::array<Strategy, 4> kStrategies{{
    {"random", Needs::nothing, rankRandom},
    {"entropy", Needs::probabilities, rankByDoubt<entropy>},
    {"margin", Needs::probabilities, rankByDoubt<margin>},
    {"least-confidence", Needs::probabilities, rankByDoubt<leastConfidence>},
}};

Status check(const Strategy& strategy, const Pool& pool)
{
    if (strategy.needs == Needs::nothing || pool.ids.empty())
        return {};
    if (pool.probabilities.empty())
        return fail(Code::needsTraining, {"train"});
    if (pool.classes == 0 || pool.probabilities.size() != pool.ids.size() * pool.classes)
        return fail(Code::wrongShape, {"probabilities", std::to_string(pool.probabilities.size()),
                                       std::to_string(pool.ids.size() * pool.classes)});
    return {};
}

} // namespace

std::span<const Strategy> strategies()
{
    return kStrategies;
}

Result<Strategy> strategy(std::string_view name)
{
    const auto found =
        std::find_if(kStrategies.begin(), kStrategies.end(), [&](const Strategy& s) { return s.name == name; });
    if (found == kStrategies.end())
        return fail(Code::notFound, {"strategy", printable(name)});
    return *found;
}

Result<std::vector<Ranked>> rank(std::string_view strategyName, const Pool& pool)
{
    FOVEATE_TRY(const Strategy chosen, strategy(strategyName));
    FOVEATE_CHECK(check(chosen, pool));
    return chosen.rank(pool);
}

} // namespace foveate::query
