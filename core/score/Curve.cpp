// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Curve.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace foveate::score {
namespace {

CurvePoint summary(int labels, const std::vector<double>& values)
{
    const double n = double(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double v : values)
        squares += (v - mean) * (v - mean);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return {labels, mean, values.size() > 1 ? std::sqrt(squares / (n - 1)) : 0, *low, *high, int(values.size())};
}

} // namespace

std::vector<CurvePoint> curve(std::span<const Observation> observations)
{
    std::map<int, std::vector<double>> byLabels;
    for (const Observation& o : observations)
        if (std::isfinite(o.value))
            byLabels[o.labels].push_back(o.value);
    std::vector<CurvePoint> points;
    for (const auto& [labels, values] : byLabels)
        points.push_back(summary(labels, values));
    return points;
}

double area(std::span<const CurvePoint> points)
{
    if (points.size() < 2)
        return points.empty() ? 0 : points.front().mean;
    double sum = 0;
    for (std::size_t i = 1; i < points.size(); ++i)
        sum += (points[i].labels - points[i - 1].labels) * (points[i].mean + points[i - 1].mean) / 2;
    return sum / (points.back().labels - points.front().labels);
}

} // namespace foveate::score
