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

constexpr std::size_t kPlacing = 15; ///< neighbours that place a new point

using Plane = Eigen::Matrix<double, Eigen::Dynamic, 2, Eigen::RowMajor>;

Plane planeOf(std::span<const float> layout, const std::vector<std::size_t>& rows)
{
    Plane plane(Eigen::Index(rows.size()), 2);
    for (std::size_t r = 0; r < rows.size(); ++r)
        plane.row(Eigen::Index(r)) << double(layout[2 * rows[r]]), double(layout[2 * rows[r] + 1]);
    return plane;
}

std::vector<std::size_t> rowsWhere(std::span<const float> layout, bool finite)
{
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < layout.size() / 2; ++i)
        if ((std::isfinite(layout[2 * i]) && std::isfinite(layout[2 * i + 1])) == finite)
            rows.push_back(i);
    return rows;
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
    const std::vector<std::size_t> known = rowsWhere(target, true);
    std::vector<float> result(layout.begin(), layout.end());
    if (known.size() < 2)
        return result;
    Plane from = planeOf(layout, known), to = planeOf(target, known);
    const Eigen::RowVector2d fromMean = from.colwise().mean(), toMean = to.colwise().mean();
    from.rowwise() -= fromMean;
    to.rowwise() -= toMean;
    if (!(from.squaredNorm() > 0) || !(to.squaredNorm() > 0))
        return result;
    const Eigen::Matrix2d product = from.transpose() * to;
    const Eigen::JacobiSVD<Eigen::Matrix2d> svd(product, Eigen::ComputeFullU | Eigen::ComputeFullV);
    const Eigen::Matrix2d turn =
        svd.singularValues().sum() / from.squaredNorm() * svd.matrixU() * svd.matrixV().transpose();
    for (std::size_t i = 0; i < layout.size() / 2; ++i) {
        const Eigen::RowVector2d place =
            (Eigen::RowVector2d(layout[2 * i], layout[2 * i + 1]) - fromMean) * turn + toMean;
        result[2 * i] = float(place[0]);
        result[2 * i + 1] = float(place[1]);
    }
    return result;
}

Result<std::vector<float>> completed(std::span<const float> previous, Points points, int threads)
{
    const std::vector<std::size_t> known = rowsWhere(previous, true), open = rowsWhere(previous, false);
    if (previous.size() != 2 * points.rows() || known.empty())
        return fail(Code::wrongShape, {"layout", std::to_string(known.size()), std::to_string(points.rows())});
    std::vector<float> layout(previous.begin(), previous.end());
    if (open.empty())
        return layout;
    const std::vector<float> base = gathered(points, known), queries = gathered(points, open);
    std::vector<float> places;
    for (const std::size_t row : known)
        places.insert(places.end(), {previous[2 * row], previous[2 * row + 1]});
    FOVEATE_TRY(const NeighbourTable table,
                nearest({base, points.dimensions}, {queries, points.dimensions}, kPlacing, threads));
    const std::vector<float> found = place(table, places);
    for (std::size_t r = 0; r < open.size(); ++r)
        std::copy_n(found.data() + 2 * r, 2, layout.data() + 2 * open[r]);
    return layout;
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
