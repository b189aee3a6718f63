// SPDX-License-Identifier: GPL-3.0-or-later
// `mc-dropout` (P4, eq. 3) and `bald`: how much T passes with dropout disagree (methods.md §4.3).
//
// mc-dropout: Σ_k [mean p² − (mean p)²] + mean σ², σ² = 0 without a variance head; --aleatoric bernoulli: σ² = p(1 −
// p).
#include "query/strategies/Strategies.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace foveate::query {
namespace {

double surprise(double p)
{
    return p > 0 ? -p * std::log(p) : 0;
}

struct Passes {
    std::vector<double> mean; ///< [C]; empty when a number is not finite or negative
    double variance = 0;      ///< Σ_k mean p² − (mean p)²
    double aleatoric = 0;     ///< Σ_k mean p(1 − p)
    double information = 0;   ///< H(mean p) − mean H(p)
};

Passes passesOf(const Pool& pool, std::size_t i)
{
    const std::size_t n = pool.ids.size(), classes = pool.classes, count = pool.passes.size() / (n * classes);
    Passes result;
    for (std::size_t c = 0; c < classes; ++c) {
        const auto surpriseOf = [&](double p) { return surprise(p) + (pool.multiLabel ? surprise(1 - p) : 0); };
        double sum = 0, square = 0, doubt = 0;
        for (std::size_t t = 0; t < count; ++t) {
            const double p = double(pool.passes[(t * n + i) * classes + c]);
            if (!std::isfinite(p) || p < 0)
                return {};
            sum += p;
            square += p * p;
            doubt += surpriseOf(p);
        }
        const double mean = sum / double(count);
        result.mean.push_back(mean);
        result.variance += std::max(0.0, square / double(count) - mean * mean);
        result.aleatoric += (sum - square) / double(count);
        result.information += surpriseOf(mean) - doubt / double(count);
    }
    return result;
}

template <ReasonCode code> Result<Ranking> rankByPasses(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    for (std::size_t i = 0; i < items.size(); ++i) {
        const Passes passes = passesOf(pool, i);
        const bool some = pool.multiLabel || std::accumulate(passes.mean.begin(), passes.mean.end(), 0.0) > 0;
        if (passes.mean.empty() || !some)
            continue;
        const double own = code == ReasonCode::bald ? std::max(0.0, passes.information) : passes.variance;
        const bool more = code == ReasonCode::dropout && pool.options.aleatoric == Aleatoric::bernoulli;
        items[i].score = own + (more ? passes.aleatoric : 0);
        const std::size_t top = topTwo(passes.mean).first;
        items[i].reason = {code, {items[i].score, double(top), passes.mean[top]}};
    }
    return Ranking{ranking(std::move(items))};
}

} // namespace

const Strategy kMcDropout{"mc-dropout", kNeedsPasses, nullptr, rankByPasses<ReasonCode::dropout>};
const Strategy kBald{"bald", kNeedsPasses, nullptr, rankByPasses<ReasonCode::bald>};

} // namespace foveate::query
