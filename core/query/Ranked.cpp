// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Ranked.h"

#include <algorithm>
#include <cmath>

namespace foveate::query {

std::string_view name(ReasonCode code)
{
    switch (code) {
    case ReasonCode::random: return "random";
    case ReasonCode::entropy: return "entropy";
    case ReasonCode::margin: return "margin";
    case ReasonCode::leastConfidence: return "least-confidence";
    case ReasonCode::noEvidence: return "no-evidence";
    }
    return "no-evidence";
}

std::vector<Ranked> ranking(std::vector<Ranked> unordered)
{
    for (Ranked& item : unordered)
        if (!std::isfinite(item.score) || item.reason.code == ReasonCode::noEvidence) {
            item.score = kNoEvidence;
            item.reason = {};
        }
    std::sort(unordered.begin(), unordered.end(),
              [](const Ranked& a, const Ranked& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; });
    for (std::size_t i = 0; i < unordered.size(); ++i)
        unordered[i].rank = int(i) + 1;
    return unordered;
}

std::vector<Ranked> best(std::span<const Ranked> ranked, std::size_t count)
{
    const std::span<const Ranked> first = ranked.first(std::min(count, ranked.size()));
    return {first.begin(), first.end()};
}

} // namespace foveate::query
