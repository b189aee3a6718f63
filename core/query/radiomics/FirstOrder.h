// SPDX-License-Identifier: GPL-3.0-or-later
// First-order statistics of a map as pyradiomics 3.0.1 defines them (bin width 1/32, no shift, pixels of 1 mm²).
//
// Population moments in double; percentiles interpolate linearly; entropy in bits with ε = 2^-52. Of a constant map
// skewness and kurtosis are 0. Every value is NaN when the map is empty or holds a number that is not finite.
#pragma once

#include "query/radiomics/Map.h"

#include <array>
#include <string_view>

namespace foveate::query::radiomics {

enum FirstOrderFeature : std::size_t {
    percentile10,
    percentile90,
    energy,
    entropy,
    interquartileRange,
    kurtosis,
    maximum,
    mean,
    meanAbsoluteDeviation,
    median,
    minimum,
    range,
    robustMeanAbsoluteDeviation,
    rootMeanSquared,
    skewness,
    standardDeviation,
    totalEnergy,
    uniformity,
    variance,
    firstOrderCount
};

inline constexpr std::array<std::string_view, firstOrderCount> kFirstOrderNames{"10Percentile",
                                                                                "90Percentile",
                                                                                "Energy",
                                                                                "Entropy",
                                                                                "InterquartileRange",
                                                                                "Kurtosis",
                                                                                "Maximum",
                                                                                "Mean",
                                                                                "MeanAbsoluteDeviation",
                                                                                "Median",
                                                                                "Minimum",
                                                                                "Range",
                                                                                "RobustMeanAbsoluteDeviation",
                                                                                "RootMeanSquared",
                                                                                "Skewness",
                                                                                "StandardDeviation",
                                                                                "TotalEnergy",
                                                                                "Uniformity",
                                                                                "Variance"};

/// `levels` are the map's own.
std::array<double, firstOrderCount> firstOrder(const Map& map, const Levels& levels);

/// Pearson's kurtosis m4/m2² of any numbers (3 for a normal distribution); 0 when they are all equal, NaN when empty.
double pearsonKurtosis(std::span<const float> values);

} // namespace foveate::query::radiomics
