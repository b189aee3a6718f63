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

/// −p ln p − (1 − p) ln (1 − p)
double binaryEntropy(double p)
{
    return p > 0 && p < 1 ? -p * std::log(p) - (1 - p) * std::log(1 - p) : 0;
}

/// Of a multi-label row; `score` of its numbers, all in [0,1].
template <typename Score> Doubt ofQuestions(std::span<const float> probabilities, const Score& score)
{
    const std::vector<double> p(probabilities.begin(), probabilities.end());
    if (p.empty() || std::any_of(p.begin(), p.end(), [](double v) { return !(v >= 0 && v <= 1); }))
        return {kNoEvidence, {}};
    const auto open =
        std::min_element(p.begin(), p.end(), [](double a, double b) { return std::abs(a - .5) < std::abs(b - .5); });
    return {score(p, *open), {ReasonCode::question, {double(open - p.begin()), *open}}};
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

Doubt entropy(std::span<const float> probabilities, bool multiLabel)
{
    if (multiLabel)
        return ofQuestions(probabilities, [](const std::vector<double>& p, double) {
            return std::accumulate(p.begin(), p.end(), 0.0,
                                   [](double sum, double v) { return sum + binaryEntropy(v); });
        });
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

Doubt margin(std::span<const float> probabilities, bool multiLabel)
{
    if (multiLabel)
        return ofQuestions(probabilities,
                           [](const std::vector<double>&, double open) { return 1 - std::abs(2 * open - 1); });
    const std::vector<double> p = normalised(probabilities);
    if (p.empty())
        return {kNoEvidence, {}};
    const auto [first, second] = topTwo(p);
    const double gap = p.size() > 1 ? p[first] - p[second] : 1;
    return {1 - gap, {ReasonCode::margin, {double(first), p[first], double(second), p[second]}}};
}

Doubt leastConfidence(std::span<const float> probabilities, bool multiLabel)
{
    if (multiLabel)
        return ofQuestions(probabilities, [](const std::vector<double>& p, double) {
            return 1 - std::accumulate(p.begin(), p.end(), 1.0,
                                       [](double sure, double v) { return sure * std::max(v, 1 - v); });
        });
    const std::vector<double> p = normalised(probabilities);
    if (p.empty())
        return {kNoEvidence, {}};
    const std::size_t top = topTwo(p).first;
    return {1 - p[top], {ReasonCode::leastConfidence, {double(top), p[top]}}};
}

} // namespace foveate::query
