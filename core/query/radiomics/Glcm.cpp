// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/radiomics/Glcm.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

namespace foveate::query::radiomics {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

double bits(double p)
{
    return p > 0 ? -p * std::log2(p + kEpsilon) : 0;
}

/// Pairs (v, neighbour of v) with the neighbour `down` rows below and `right` columns to the right, counted both ways.
Matrix pairs(const Levels& levels, std::ptrdiff_t down, std::ptrdiff_t right)
{
    const auto width = std::ptrdiff_t(levels.width), height = std::ptrdiff_t(levels.of.size()) / width;
    std::vector<std::uint32_t> counts(std::size_t(levels.count) * std::size_t(levels.count), 0);
    for (std::ptrdiff_t y = 0; y + down < height; ++y) {
        const std::uint8_t* const row = levels.of.data() + y * width;
        const std::uint8_t* const other = row + down * width + right;
        for (std::ptrdiff_t x = std::max<std::ptrdiff_t>(0, -right); x < width - std::max<std::ptrdiff_t>(0, right);
             ++x)
            ++counts[std::size_t(row[x]) * std::size_t(levels.count) + other[x]];
    }
    Matrix matrix(levels.count, levels.count);
    for (int i = 0; i < levels.count; ++i)
        for (int j = 0; j < levels.count; ++j)
            matrix(i, j) = counts[std::size_t(i * levels.count + j)] + counts[std::size_t(j * levels.count + i)];
    return matrix;
}

/// The second largest |eigenvalue| of D^-½ P D^-½ over the levels that occur.
double maximalCorrelationOf(const Matrix& p, const Vector& margin)
{
    std::vector<Eigen::Index> present;
    for (Eigen::Index i = 0; i < margin.size(); ++i)
        if (margin[i] > 0)
            present.push_back(i);
    if (present.size() < 2)
        return 1;
    const Vector scale = margin(present).cwiseSqrt().cwiseInverse();
    const Matrix scaled = scale.asDiagonal() * p(present, present) * scale.asDiagonal();
    Vector values = Eigen::SelfAdjointEigenSolver<Matrix>(scaled, Eigen::EigenvaluesOnly).eigenvalues().cwiseAbs();
    std::sort(values.begin(), values.end());
    return values[values.size() - 2];
}

struct Sums {                       ///< what the features are made of, in one pass over the matrix
    Vector margin, sum, difference; ///< p_x, p_{x+y} from 0, p_{|x−y|}
    double mean = 0;                ///< of the level, from 0
};

Sums sumsOf(const Matrix& p)
{
    const Eigen::Index n = p.rows();
    Sums s{p.rowwise().sum(), Vector::Zero(2 * n - 1), Vector::Zero(n), 0};
    for (Eigen::Index j = 0; j < n; ++j)
        for (Eigen::Index i = 0; i < n; ++i) {
            s.sum[i + j] += p(i, j);
            s.difference[std::abs(i - j)] += p(i, j);
        }
    for (Eigen::Index i = 0; i < n; ++i)
        s.mean += double(i) * s.margin[i];
    return s;
}

void addEntropies(const Matrix& p, const Sums& s, std::array<double, glcmCount>& f)
{
    double joint = 0, margins = 0, product1 = 0, product2 = 0;
    for (Eigen::Index j = 0; j < p.cols(); ++j) {
        margins += bits(s.margin[j]);
        for (Eigen::Index i = 0; i < p.rows(); ++i) {
            joint += bits(p(i, j));
            const double product = s.margin[i] * s.margin[j];
            if (product <= 0)
                continue;
            const double information = -std::log2(product + kEpsilon);
            product1 += p(i, j) * information;
            product2 += product * information;
        }
    }
    f[jointEntropy] = joint;
    f[informationalCorrelation1] = margins != 0 ? (joint - product1) / margins : 0;
    f[informationalCorrelation2] = std::sqrt(std::max(0.0, 1 - std::exp(-2 * (product2 - joint))));
}

void addSums(const Matrix& p, const Sums& s, std::array<double, glcmCount>& f)
{
    const auto square = [](double v) { return v * v; };
    for (Eigen::Index k = 0; k < s.sum.size(); ++k) {
        const double away = double(k) - 2 * s.mean;
        f[clusterTendency] += s.sum[k] * square(away);
        f[clusterShade] += s.sum[k] * square(away) * away;
        f[clusterProminence] += s.sum[k] * square(square(away));
        f[sumAverage] += s.sum[k] * double(k + 2);
        f[sumEntropy] += bits(s.sum[k]);
    }
    double covariance = 0;
    for (Eigen::Index i = 0; i < p.rows(); ++i) {
        f[sumSquares] += s.margin[i] * square(double(i) - s.mean);
        for (Eigen::Index j = 0; j < p.cols(); ++j) {
            f[autocorrelation] += p(i, j) * double((i + 1) * (j + 1));
            covariance += p(i, j) * (double(i) - s.mean) * (double(j) - s.mean);
        }
    }
    f[correlation] = f[sumSquares] == 0 ? 1 : covariance / (f[sumSquares] + kEpsilon);
    f[jointAverage] = s.mean + 1;
    f[jointEnergy] = p.squaredNorm();
    f[maximumProbability] = p.maxCoeff();
}

void addDifferences(const Sums& s, std::array<double, glcmCount>& f)
{
    const double n = double(s.difference.size());
    for (Eigen::Index i = 0; i < s.difference.size(); ++i) {
        const double k = double(i), p = s.difference[i];
        f[contrast] += p * k * k;
        f[differenceAverage] += p * k;
        f[differenceEntropy] += bits(p);
        f[inverseDifference] += p / (1 + k);
        f[inverseDifferenceMoment] += p / (1 + k * k);
        f[inverseDifferenceNormalised] += p / (1 + k / n);
        f[inverseDifferenceMomentNormalised] += p / (1 + k * k / (n * n));
        f[inverseVariance] += i > 0 ? p / (k * k) : 0;
    }
    for (Eigen::Index i = 0; i < s.difference.size(); ++i)
        f[differenceVariance] += s.difference[i] * std::pow(double(i) - f[differenceAverage], 2);
}

std::array<double, glcmCount> featuresOf(const Matrix& p)
{
    std::array<double, glcmCount> f{};
    const Sums s = sumsOf(p);
    addSums(p, s, f);
    addDifferences(s, f);
    addEntropies(p, s, f);
    f[maximalCorrelation] = maximalCorrelationOf(p, s.margin);
    return f;
}

} // namespace

std::array<double, glcmCount> glcm(const Levels& levels)
{
    std::array<double, glcmCount> mean{};
    int directions = 0;
    for (const auto& [down, right] : {std::pair{0, 1}, {1, -1}, {1, 0}, {1, 1}}) {
        if (levels.of.empty())
            break;
        const Matrix counts = pairs(levels, down, right);
        const double total = counts.sum();
        if (total == 0)
            continue;
        ++directions;
        const std::array<double, glcmCount> one = featuresOf(counts / total);
        for (std::size_t k = 0; k < glcmCount; ++k)
            mean[k] += one[k];
    }
    for (double& value : mean)
        value = directions > 0 ? value / directions : std::numeric_limits<double>::quiet_NaN();
    return mean;
}

} // namespace foveate::query::radiomics
