// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Layout.h"

#include "base/Random.h"
#include "embed/Matrices.h"
#include "embed/Pca.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace foveate::embed {
namespace {

using Plane = Eigen::Matrix<double, Eigen::Dynamic, 2, Eigen::RowMajor>;

Plane planeOf(std::span<const float> layout)
{
    return Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, 2, Eigen::RowMajor>>(
               layout.data(), Eigen::Index(layout.size() / 2), 2)
        .cast<double>();
}

} // namespace

Result<std::vector<float>> pcaStart(Points points, double deviation, std::uint64_t seed, int threads)
{
    FOVEATE_TRY(const Pca pca, fitPca(points, 2, threads));
    FOVEATE_TRY(const std::vector<float> components, scores(pca, points, Scores::plain, threads));
    const double scale = pca.variances[0] > 0 ? deviation / std::sqrt(pca.variances[0]) : 0;
    Random random = Random::derive(seed, "layout");
    std::vector<float> start(2 * points.rows());
    for (std::size_t i = 0; i < points.rows(); ++i)
        for (std::size_t c = 0; c < 2; ++c) {
            const double score = c < pca.components() ? double(components[i * pca.components() + c]) : 0;
            start[2 * i + c] = float(scale * score + 1e-4 * deviation * random.normal());
        }
    return start;
}

Result<std::vector<float>> aligned(std::span<const float> layout, std::span<const float> target)
{
    if (layout.size() != target.size() || layout.size() % 2 != 0)
        return fail(Code::wrongShape, {"layout", std::to_string(layout.size() / 2), std::to_string(target.size() / 2)});
    if (layout.empty())
        return std::vector<float>();
    Plane from = planeOf(layout), to = planeOf(target);
    const Eigen::RowVector2d fromMean = from.colwise().mean(), toMean = to.colwise().mean();
    from.rowwise() -= fromMean;
    to.rowwise() -= toMean;
    const double extent = from.squaredNorm();
    if (!(extent > 0) || !(to.squaredNorm() > 0))
        return std::vector<float>(layout.begin(), layout.end());
    const Eigen::Matrix2d product = from.transpose() * to;
    const Eigen::JacobiSVD<Eigen::Matrix2d> svd(product, Eigen::ComputeFullU | Eigen::ComputeFullV);
    const Eigen::Matrix2d turn = svd.matrixU() * svd.matrixV().transpose();
    const Plane result = ((svd.singularValues().sum() / extent) * from * turn).rowwise() + toMean;
    const Eigen::Matrix<float, Eigen::Dynamic, 2, Eigen::RowMajor> rounded = result.cast<float>();
    return std::vector<float>(rounded.data(), rounded.data() + rounded.size());
}

std::vector<float> place(const NeighbourTable& table, std::span<const float> layout)
{
    const std::size_t queries = table.k == 0 ? 0 : table.rows.size() / table.k;
    std::vector<float> places(2 * queries);
    for (std::size_t q = 0; q < queries; ++q) {
        const double* distances = table.distances.data() + q * table.k;
        double sigma = 0;
        for (std::size_t j = 0; j < table.k; ++j)
            sigma += (distances[j] - distances[0]) / double(table.k);
        double x = 0, y = 0, total = 0;
        for (std::size_t j = 0; j < table.k; ++j) {
            const double weight = sigma > 0 ? std::exp(-(distances[j] - distances[0]) / sigma) : 1;
            const auto row = std::size_t(table.rows[q * table.k + j]);
            x += weight * double(layout[2 * row]);
            y += weight * double(layout[2 * row + 1]);
            total += weight;
        }
        places[2 * q] = float(x / total);
        places[2 * q + 1] = float(y / total);
    }
    return places;
}

} // namespace foveate::embed
