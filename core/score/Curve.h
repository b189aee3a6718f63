// SPDX-License-Identifier: GPL-3.0-or-later
// Label-efficiency curves: a figure against the number of labels, over the repeats of a study.
#pragma once

#include <span>
#include <vector>

namespace foveate::score {

/// One training: so many labels, this figure on the test images.
struct Observation {
    int labels = 0;
    double value = 0;
};

struct CurvePoint {
    int labels = 0;
    double mean = 0;
    double deviation = 0;     ///< sample standard deviation over the repeats; 0 for one
    double low = 0, high = 0; ///< smallest and largest
    int repeats = 0;
};

/// One point per number of labels, rising. Observations may come in any order; non-finite values are left out.
std::vector<CurvePoint> curve(std::span<const Observation> observations);

/// Area under the means by trapezoids, divided by the range of labels: a mean figure. One point: its value; none: 0.
double area(std::span<const CurvePoint> points);

} // namespace foveate::score
