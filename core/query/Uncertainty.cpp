// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Uncertainty.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace foveate::query {
namespace {

/// Scaled to sum 1; empty when the row says nothing.
std::vector<double> normalised(std::span<const float> probabilities)
{
    std::vector<double> p(probabilities.begin(), probabilities.end());
    for (const double v : p)
        if (!std::isfinite(v) || v < 0)
            return {};
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    if (sum <= 0)
        return {};
    for (double& v : p)
        v /= sum;
    return p;
}

} // namespace

std::pair<std::size_t, std::size_t> topTwo(std::span<const double> p)
{
    std::size_t first = 0;
    for (std::size_t c = 1; c < p.size(); ++c)
        if (p[c] > p[first])
            first = c;
    std::size_t second = first == 0 && p.size() > 1 ? 1 : 0;
    for (std::size_t c = 0; c < p.size(); ++c)
        if (c != first && p[c] > p[second])
            second = c;
    return {first, second};
}

Doubt entropy(std::span<const float> probabilities)
{
    const std::vector<double> p = normalised(probabilities);
    if (p.empty())
        return {kNoEvidence, {}};
    double sum = 0;
    for (const double v : p)
        sum -= v > 0 ? v * std::log(v) : 0;
    const std::size_t top = topTwo(p).first;
    sum = std::max(0.0, sum);
    return {sum, {ReasonCode::entropy, {sum, std::log(double(p.size())), double(top), p[top]}}};
}

Doubt margin(std::span<const float> probabilities)
{
    const std::vector<double> p = normalised(probabilities);
    if (p.empty())
        return {kNoEvidence, {}};
    const auto [first, second] = topTwo(p);
    const double gap = p.size() > 1 ? p[first] - p[second] : 1;
    return {1 - gap, {ReasonCode::margin, {double(first), p[first], double(second), p[second]}}};
}

Doubt leastConfidence(std::span<const float> probabilities)
{
    const std::vector<double> p = normalised(probabilities);
    if (p.empty())
        return {kNoEvidence, {}};
    const std::size_t top = topTwo(p).first;
    return {1 - p[top], {ReasonCode::leastConfidence, {double(top), p[top]}}};
}

} // namespace foveate::query
