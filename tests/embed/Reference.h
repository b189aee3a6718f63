// SPDX-License-Identifier: GPL-3.0-or-later
// Arrays of tests/embed/reference (made by make.py), and points to try things on.
#pragma once

#include "base/Npy.h"
#include "base/Random.h"
#include "embed/Points.h"

#include <cmath>
#include <string>
#include <vector>

namespace foveate::embed::test {

template <typename T> std::vector<T> reference(const std::string& name)
{
    const auto array = readNpy<T>(std::string(FOVEATE_SOURCE_DIR) + "/tests/embed/reference/" + name + ".npy");
    return array ? array->data : std::vector<T>();
}

inline std::vector<int> referenceLabels()
{
    const auto labels = reference<std::int64_t>("labels");
    return {labels.begin(), labels.end()};
}

/// The 300 points of make.py: four clusters in six dimensions.
struct ReferencePoints {
    std::vector<float> values = reference<float>("points");
    Points points() const { return {values, 6}; }
};

inline double largestGap(const std::vector<double>& a, const std::vector<double>& b)
{
    double largest = a.size() == b.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

/// n points of `clusters` Gaussian clusters, one after the other in turn.
inline std::vector<float> clustered(std::size_t n, std::size_t dimensions, int clusters, std::uint64_t seed,
                                    double spread = 4)
{
    Random random(seed);
    std::vector<double> centres;
    for (std::size_t i = 0; i < std::size_t(clusters) * dimensions; ++i)
        centres.push_back(spread * random.normal());
    std::vector<float> values;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t d = 0; d < dimensions; ++d)
            values.push_back(float(centres[(i % std::size_t(clusters)) * dimensions + d] + random.normal()));
    return values;
}

inline std::vector<float> equalPoints(std::size_t n, std::size_t dimensions, float value = 2.5F)
{
    return std::vector<float>(n * dimensions, value);
}

} // namespace foveate::embed::test
