// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Pca.h"

#include "embed/Matrices.h"

#include <algorithm>
#include <cmath>

namespace foveate::embed {
namespace {

constexpr std::size_t kRows = 2048; ///< summed in float32 at a time
constexpr std::size_t kShares = 8;  ///< sums kept apart, so that threads do not matter

/// Lower triangle of Σ (x − mean)(x − mean)ᵀ.
Eigen::MatrixXd scatter(Points points, const Eigen::RowVectorXf& mean, int threads)
{
    const auto d = Eigen::Index(points.dimensions);
    const std::size_t share = std::max(kRows, chunkCount(chunkCount(points.rows(), kRows), kShares) * kRows);
    std::vector<Eigen::MatrixXd> sums(chunkCount(points.rows(), share));
    forChunks(points.rows(), share, threads, [&](const Chunk& chunk) {
        Eigen::MatrixXd& sum = sums[chunk.index];
        sum.setZero(d, d);
        Eigen::MatrixXf part(d, d);
        RowMatrix<float> rows;
        for (std::size_t begin = chunk.begin; begin < chunk.end; begin += kRows) {
            rows = rowsOf(points, begin, std::min(kRows, chunk.end - begin)).rowwise() - mean;
            part.setZero();
            part.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
            sum += part.cast<double>();
        }
    });
    for (std::size_t i = 1; i < sums.size(); ++i)
        sums[0] += sums[i];
    return std::move(sums[0]);
}

} // namespace

double Pca::explained() const
{
    double sum = 0;
    for (const double variance : variances)
        sum += variance;
    return totalVariance > 0 ? sum / totalVariance : 1;
}

Result<Pca> fitPca(Points points, std::size_t components, int threads)
{
    FOVEATE_CHECK(checkShape(points));
    const std::size_t n = points.rows(), d = points.dimensions, k = std::min({components, n, d});
    const Eigen::RowVectorXd mean = meanOf(points, threads);
    if (!mean.allFinite()) // sums of finite float32 in double are finite: no pass over the features for that alone
        return fail(Code::nonFinite, {"features"});
    const Eigen::MatrixXd covariance =
        scatter(points, mean.cast<float>(), threads) / double(std::max<std::size_t>(n, 2) - 1);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    if (solver.info() != Eigen::Success)
        return fail(Code::nonFinite, {"covariance"});
    Pca pca;
    pca.dimensions = d;
    pca.mean.assign(mean.begin(), mean.end());
    pca.totalVariance = std::max(0.0, covariance.trace());
    for (std::size_t c = 0; c < k; ++c) {
        const auto column = Eigen::Index(d - 1 - c);
        Eigen::VectorXd axis = solver.eigenvectors().col(column);
        Eigen::Index largest = 0;
        axis.cwiseAbs().maxCoeff(&largest);
        if (axis[largest] < 0)
            axis = -axis;
        pca.axes.insert(pca.axes.end(), axis.begin(), axis.end());
        pca.variances.push_back(std::max(0.0, solver.eigenvalues()[column]));
    }
    return pca;
}

Result<std::vector<float>> scores(const Pca& pca, Points points, Scores kind, int threads)
{
    FOVEATE_CHECK(checkShape(points));
    if (points.dimensions != pca.dimensions)
        return fail(Code::wrongShape, {"features", std::to_string(points.dimensions), std::to_string(pca.dimensions)});
    const auto d = Eigen::Index(pca.dimensions), k = Eigen::Index(pca.components());
    RowMatrix<double> axes = Eigen::Map<const RowMatrix<double>>(pca.axes.data(), k, d);
    if (kind == Scores::whitened) {
        // Below the rounding of float32 features a variance is none.
        const double least = 1e-12 * std::max(pca.totalVariance, 1e-300);
        for (Eigen::Index c = 0; c < k; ++c) {
            const double variance = pca.variances[std::size_t(c)];
            axes.row(c) *= variance > least ? 1 / std::sqrt(variance) : 0;
        }
    }
    const Eigen::MatrixXf weights = axes.transpose().cast<float>();
    const Eigen::RowVectorXf mean = Eigen::Map<const Eigen::RowVectorXd>(pca.mean.data(), d).cast<float>();
    std::vector<float> out(points.rows() * pca.components());
    forChunks(points.rows(), kRows / 8, threads, [&](const Chunk& chunk) {
        const RowMatrix<float> rows = rowsOf(points, chunk.begin, chunk.rows()).rowwise() - mean;
        Eigen::Map<RowMatrix<float>>(out.data() + chunk.begin * pca.components(), rows.rows(), k).noalias() =
            rows * weights;
    });
    const bool finite = std::all_of(out.begin(), out.end(), [](float score) { return std::isfinite(score); });
    return finite ? Result<std::vector<float>>(std::move(out)) : fail(Code::nonFinite, {"features"});
}

} // namespace foveate::embed
