// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Clusters.h"

#include "embed/Matrices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace foveate::embed {
namespace {

constexpr std::size_t kRows = 256;
constexpr double kRidge = 1e-6;
using Matrix = RowMatrix<double>;

/// Ledoit and Wolf's share of μI in the covariance of centred rows (divided by n), as scikit-learn computes it.
double shrinkage(const Matrix& centred, const Matrix& covariance)
{
    const double n = double(centred.rows()), d = double(centred.cols());
    const double mu = covariance.trace() / d;
    const double beta = ((centred.array().square().matrix().transpose() * centred.array().square().matrix()).sum() / n -
                         covariance.squaredNorm()) /
                        (d * n);
    const double delta = (covariance.squaredNorm() - 2 * mu * covariance.trace() + d * mu * mu) / d;
    return beta <= 0 || delta <= 0 ? 0 : std::min(beta, delta) / delta;
}

Matrix covarianceOf(const Matrix& centred)
{
    const Eigen::Index n = centred.rows(), d = centred.cols();
    if (n >= 10 * d) {
        Matrix covariance = centred.transpose() * centred / double(n - 1);
        covariance.diagonal().array() += kRidge * covariance.trace() / double(d);
        return covariance;
    }
    Matrix covariance = centred.transpose() * centred / double(n);
    const double share = shrinkage(centred, covariance);
    const double mu = covariance.trace() / double(d);
    covariance *= 1 - share;
    covariance.diagonal().array() += share * mu + kRidge * mu;
    return covariance;
}

/// Covariance and factor of a cluster; `spare` on the diagonal where the cluster has no extent of its own.
void setCovariance(Gaussian& gaussian, Matrix covariance, double spare)
{
    if (!(covariance.trace() > 0))
        covariance = Matrix::Identity(covariance.rows(), covariance.cols()) * spare;
    Eigen::LLT<Eigen::MatrixXd> factor(covariance);
    while (factor.info() != Eigen::Success) {
        covariance.diagonal().array() += kRidge * covariance.trace() / double(covariance.rows());
        factor.compute(covariance);
    }
    const Matrix lower = factor.matrixL();
    gaussian.covariance.assign(covariance.data(), covariance.data() + covariance.size());
    gaussian.factor.assign(lower.data(), lower.data() + lower.size());
}

Matrix members(Points points, std::span<const int> labels, int cluster)
{
    const auto count = std::count(labels.begin(), labels.end(), cluster);
    Matrix rows(count, Eigen::Index(points.dimensions));
    Eigen::Index at = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] == cluster)
            rows.row(at++) = rowsOf(points, i, 1).row(0).cast<double>();
    return rows;
}

Status checkLabels(Points points, std::span<const int> labels)
{
    FOVEATE_CHECK(checkPoints(points));
    if (labels.size() != points.rows())
        return fail(Code::wrongShape, {"labels", std::to_string(labels.size()), std::to_string(points.rows())});
    return {};
}

Eigen::Map<const Matrix> square(const std::vector<double>& values, std::size_t d)
{
    return {values.data(), Eigen::Index(d), Eigen::Index(d)};
}

/// Squared Mahalanobis distances of rows [n,D] to one Gaussian.
Eigen::ArrayXd squaredDistances(const Gaussian& gaussian, const Matrix& rows)
{
    const auto d = std::size_t(rows.cols());
    const Eigen::Map<const Eigen::RowVectorXd> mean(gaussian.mean.data(), rows.cols());
    Eigen::MatrixXd about = (rows.rowwise() - mean).transpose();
    square(gaussian.factor, d).triangularView<Eigen::Lower>().solveInPlace(about);
    return about.colwise().squaredNorm().transpose().array();
}

/// [n,k] logarithms of the densities, plus those of the weights for a mixture.
Matrix logDensities(const Clusters& clusters, const Matrix& rows, Prior prior)
{
    const auto d = clusters.dimensions;
    Matrix logs(rows.rows(), Eigen::Index(clusters.gaussians.size()));
    for (std::size_t c = 0; c < clusters.gaussians.size(); ++c) {
        const Gaussian& gaussian = clusters.gaussians[c];
        auto column = logs.col(Eigen::Index(c));
        if (gaussian.members == 0) {
            column.setConstant(-std::numeric_limits<double>::infinity());
            continue;
        }
        const double half = square(gaussian.factor, d).diagonal().array().log().sum();
        const double rest = .5 * double(d) * std::log(2 * std::numbers::pi) + half;
        column = (-.5 * squaredDistances(gaussian, rows) - rest).matrix();
        if (prior == Prior::byWeight)
            column.array() += std::log(gaussian.weight);
    }
    return logs;
}

/// Rows to probabilities; returns Σ of the rows' log-likelihoods.
double normalise(Matrix& logs)
{
    double sum = 0;
    for (Eigen::Index i = 0; i < logs.rows(); ++i) {
        const double most = logs.row(i).maxCoeff();
        logs.row(i) = (logs.row(i).array() - most).exp();
        const double total = logs.row(i).sum();
        logs.row(i) /= total;
        sum += most + std::log(total);
    }
    return sum;
}

double pooledVariance(Points points, std::span<const int> labels, int clusters)
{
    double sum = 0;
    for (int c = 0; c < clusters; ++c) {
        const Matrix rows = members(points, labels, c);
        if (rows.rows() > 1)
            sum += (rows.rowwise() - rows.colwise().mean()).squaredNorm();
    }
    const double variance = sum / double(points.rows() * points.dimensions);
    return variance > 0 ? variance : 1;
}

/// One M step: Gaussians from responsibilities [N,k].
void maximise(Points points, const std::vector<double>& shares, Clusters& clusters)
{
    const auto n = Eigen::Index(points.rows()), d = Eigen::Index(points.dimensions),
               k = Eigen::Index(clusters.gaussians.size());
    const Eigen::Map<const Matrix> responsibilities(shares.data(), n, k);
    const Matrix rows = allRows(points).cast<double>();
    for (Eigen::Index c = 0; c < k; ++c) {
        Gaussian& gaussian = clusters.gaussians[std::size_t(c)];
        if (gaussian.members == 0)
            continue;
        const Eigen::VectorXd weights = responsibilities.col(c);
        const double total = weights.sum() + 10 * std::numeric_limits<double>::epsilon();
        const Eigen::RowVectorXd mean = weights.transpose() * rows / total;
        const Matrix about = rows.rowwise() - mean;
        Matrix covariance = about.transpose() * weights.asDiagonal() * about / total;
        covariance.diagonal().array() += kRidge;
        gaussian.weight = total / double(n);
        gaussian.mean.assign(mean.data(), mean.data() + d);
        setCovariance(gaussian, std::move(covariance), 1);
    }
}

Result<double> expectation(const Clusters& clusters, Points points, Prior prior, int threads,
                           std::vector<double>& shares)
{
    if (points.dimensions != clusters.dimensions)
        return fail(Code::wrongShape,
                    {"features", std::to_string(points.dimensions), std::to_string(clusters.dimensions)});
    const std::size_t k = clusters.gaussians.size();
    shares.resize(points.rows() * k);
    std::vector<double> parts(chunkCount(points.rows(), kRows));
    forChunks(points.rows(), kRows, threads, [&](const Chunk& chunk) {
        Matrix logs = logDensities(clusters, rowsOf(points, chunk.begin, chunk.rows()).cast<double>(), prior);
        parts[chunk.index] = normalise(logs);
        std::copy(logs.data(), logs.data() + logs.size(), shares.data() + chunk.begin * k);
    });
    double sum = 0;
    for (const double part : parts)
        sum += part;
    return sum / double(points.rows());
}

} // namespace

Result<Clusters> fitClusters(Points points, std::span<const int> labels, int clusters)
{
    FOVEATE_CHECK(checkLabels(points, labels));
    Clusters result{points.dimensions, std::vector<Gaussian>(std::size_t(clusters))};
    const double spare = pooledVariance(points, labels, clusters);
    for (int c = 0; c < clusters; ++c) {
        Matrix rows = members(points, labels, c);
        Gaussian& gaussian = result.gaussians[std::size_t(c)];
        gaussian.members = std::size_t(rows.rows());
        gaussian.weight = double(rows.rows()) / double(points.rows());
        if (rows.rows() == 0)
            continue;
        const Eigen::RowVectorXd mean = rows.colwise().mean();
        rows.rowwise() -= mean;
        gaussian.mean.assign(mean.begin(), mean.end());
        setCovariance(gaussian, covarianceOf(rows), spare);
    }
    return result;
}

Result<Clusters> fitMixture(Points points, std::span<const int> labels, int clusters, int iterations, int threads)
{
    FOVEATE_TRY(Clusters mixture, fitClusters(points, labels, clusters));
    std::vector<double> shares(points.rows() * std::size_t(clusters), 0);
    for (std::size_t i = 0; i < points.rows(); ++i)
        shares[i * std::size_t(clusters) + std::size_t(labels[i])] = 1;
    maximise(points, shares, mixture);
    double before = -std::numeric_limits<double>::infinity();
    for (int i = 0; i < iterations; ++i) {
        FOVEATE_TRY(const double likelihood, expectation(mixture, points, Prior::byWeight, threads, shares));
        maximise(points, shares, mixture);
        if (std::abs(likelihood - before) < 1e-3)
            break;
        before = likelihood;
    }
    return mixture;
}

Result<std::vector<double>> membership(const Clusters& clusters, Points points, Prior prior, int threads)
{
    FOVEATE_CHECK(checkPoints(points));
    std::vector<double> shares;
    FOVEATE_TRY([[maybe_unused]] const double likelihood, expectation(clusters, points, prior, threads, shares));
    return shares;
}

Result<std::vector<double>> mahalanobis(const Clusters& clusters, Points points, std::span<const int> labels,
                                        int threads)
{
    FOVEATE_CHECK(checkLabels(points, labels));
    std::vector<double> result(points.rows());
    forChunks(points.rows(), kRows, threads, [&](const Chunk& chunk) {
        for (std::size_t i = chunk.begin; i < chunk.end; ++i) {
            const Gaussian& own = clusters.gaussians[std::size_t(labels[i])];
            result[i] = std::sqrt(squaredDistances(own, rowsOf(points, i, 1).cast<double>())[0]);
        }
    });
    return result;
}

} // namespace foveate::embed
