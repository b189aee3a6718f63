// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Borda.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace foveate::query {

std::vector<double> ranksOf(std::span<const double> values)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        while (end < order.size() && values[order[end]] == values[order[begin]])
            ++end;
        for (std::size_t i = begin; i < end; ++i)
            ranks[order[i]] = double(begin + 1 + end) / 2;
    }
    return ranks;
}

double spearman(std::span<const double> a, std::span<const double> b)
{
    const std::vector<double> x = ranksOf(a), y = ranksOf(b);
    const double middle = (double(a.size()) + 1) / 2;
    double xx = 0, yy = 0, xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - middle) * (x[i] - middle);
        yy += (y[i] - middle) * (y[i] - middle);
        xy += (x[i] - middle) * (y[i] - middle);
    }
    return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

std::vector<double> bordaRanks(const std::vector<std::vector<double>>& columns, std::span<const int> directions)
{
    std::vector<double> sums(columns.front().size(), 0);
    for (std::size_t k = 0; k < columns.size(); ++k) {
        std::vector<double> values = columns[k];
        if (directions[k] < 0)
            std::transform(values.begin(), values.end(), values.begin(), [](double v) { return -v; });
        const std::vector<double> ranks = ranksOf(values);
        std::transform(sums.begin(), sums.end(), ranks.begin(), sums.begin(), std::plus<>());
    }
    for (double& sum : sums)
        sum /= double(columns.size());
    return sums;
}

} // namespace foveate::query
