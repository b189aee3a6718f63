// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Ndcg.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace foveate::score {
namespace {

/// Gains in the order of falling `by`; equal ones share the discounts of their ranks.
double cumulated(std::span<const double> gains, std::span<const double> by, std::size_t top)
{
    std::vector<std::size_t> order(gains.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return by[a] > by[b]; });
    double sum = 0;
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        double gain = 0, discount = 0;
        for (end = begin; end < order.size() && by[order[end]] == by[order[begin]]; ++end) {
            gain += gains[order[end]];
            discount += end < top ? 1 / std::log2(double(end) + 2) : 0;
        }
        sum += gain / double(end - begin) * discount;
    }
    return sum;
}

bool allFinite(std::span<const double> values)
{
    return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

} // namespace

Result<double> ndcg(std::span<const double> relevance, std::span<const double> scores, std::size_t top)
{
    if (relevance.size() != scores.size())
        return fail(Code::wrongShape, {"scores", std::to_string(scores.size()), std::to_string(relevance.size())});
    if (!allFinite(relevance) || !allFinite(scores))
        return fail(Code::nonFinite, {"ranking"});
    std::vector<double> gains;
    for (const double value : relevance) {
        if (value < 0)
            return fail(Code::badInput, {"relevance", std::to_string(value)});
        gains.push_back(std::exp2(value) - 1);
    }
    const std::size_t ranks = top == 0 ? gains.size() : top;
    const double best = cumulated(gains, gains, ranks);
    return best > 0 ? cumulated(gains, scores, ranks) / best : 0;
}

} // namespace foveate::score
