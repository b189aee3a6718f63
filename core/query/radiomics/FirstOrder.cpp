// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/radiomics/FirstOrder.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace foveate::query::radiomics {
namespace {

struct Moments {
    double mean = 0, square = 0;              ///< of the values
    double second = 0, third = 0, fourth = 0; ///< about the mean
    double absolute = 0;                      ///< mean |v − mean|
};

Moments momentsOf(std::span<const float> values)
{
    Moments m;
    const double n = double(values.size());
    for (const float v : values) {
        m.mean += double(v);
        m.square += double(v) * double(v);
    }
    m.mean /= n;
    for (const float v : values) {
        const double d = double(v) - m.mean, d2 = d * d;
        m.second += d2;
        m.third += d2 * d;
        m.fourth += d2 * d2;
        m.absolute += std::abs(d);
    }
    m.second /= n;
    m.third /= n;
    m.fourth /= n;
    m.absolute /= n;
    return m;
}

/// Linear interpolation between the neighbours of (n − 1)·share; leaves `values` partly ordered.
double percentile(std::vector<float>& values, double share)
{
    const double place = share * double(values.size() - 1);
    const auto at = values.begin() + std::ptrdiff_t(std::floor(place));
    std::nth_element(values.begin(), at, values.end());
    const double low = double(*at), part = place - std::floor(place);
    if (part == 0 || at + 1 == values.end())
        return low;
    return low + part * (double(*std::min_element(at + 1, values.end())) - low);
}

/// Mean absolute deviation of the values within [low, high].
double robustDeviation(std::span<const float> values, double low, double high)
{
    double sum = 0, deviation = 0;
    std::size_t n = 0;
    for (const float v : values)
        if (double(v) >= low && double(v) <= high) {
            sum += double(v);
            ++n;
        }
    for (const float v : values)
        if (double(v) >= low && double(v) <= high)
            deviation += std::abs(double(v) - sum / double(n));
    return deviation / double(n);
}

} // namespace

double pearsonKurtosis(std::span<const float> values)
{
    if (values.empty())
        return std::numeric_limits<double>::quiet_NaN();
    const Moments m = momentsOf(values);
    return m.second == 0 ? 0 : m.fourth / (m.second * m.second);
}

std::array<double, firstOrderCount> firstOrder(const Map& map, const Levels& levels)
{
    std::array<double, firstOrderCount> f;
    f.fill(std::numeric_limits<double>::quiet_NaN());
    if (levels.of.empty())
        return f;
    const Moments m = momentsOf(map.values);
    const double n = double(map.values.size());
    std::vector<float> sorted(map.values.begin(), map.values.end());
    f[percentile10] = percentile(sorted, .1);
    f[percentile90] = percentile(sorted, .9);
    f[median] = percentile(sorted, .5);
    f[interquartileRange] = percentile(sorted, .75) - percentile(sorted, .25);
    const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
    f[minimum] = double(*low);
    f[maximum] = double(*high);
    f[range] = f[maximum] - f[minimum];
    f[energy] = f[totalEnergy] = m.square;
    f[rootMeanSquared] = std::sqrt(m.square / n);
    f[mean] = m.mean;
    f[meanAbsoluteDeviation] = m.absolute;
    f[robustMeanAbsoluteDeviation] = robustDeviation(map.values, f[percentile10], f[percentile90]);
    f[variance] = m.second;
    f[standardDeviation] = std::sqrt(m.second);
    f[skewness] = m.second == 0 ? 0 : m.third / std::pow(m.second, 1.5);
    f[kurtosis] = m.second == 0 ? 0 : m.fourth / (m.second * m.second);
    std::vector<std::size_t> counts(std::size_t(levels.count), 0);
    for (const std::uint8_t level : levels.of)
        ++counts[level];
    f[entropy] = f[uniformity] = 0;
    for (const std::size_t count : counts) {
        const double p = double(count) / n;
        f[uniformity] += p * p;
        if (count > 0)
            f[entropy] -= p * std::log2(p + std::numeric_limits<double>::epsilon());
    }
    return f;
}

} // namespace foveate::query::radiomics
