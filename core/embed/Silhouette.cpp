// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Silhouette.h"

#include "embed/Matrices.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace foveate::embed {
namespace {

constexpr std::size_t kRows = 32;
constexpr Eigen::Index kColumns = 1024;

/// The points about their mean, cluster after cluster.
struct Sorted {
    Eigen::MatrixXd columns;          ///< [D,N]
    Eigen::RowVectorXd squares;       ///< [N]
    std::vector<std::size_t> order;   ///< place → row
    std::vector<Eigen::Index> starts; ///< [clusters + 1]
    std::size_t clusters() const { return starts.size() - 1; }
};

Sorted sorted(Points points, std::span<const int> labels, int threads)
{
    Sorted out;
    out.order.resize(points.rows());
    std::iota(out.order.begin(), out.order.end(), std::size_t(0));
    std::stable_sort(out.order.begin(), out.order.end(),
                     [&](std::size_t a, std::size_t b) { return labels[a] < labels[b]; });
    const Eigen::VectorXd mean = meanOf(points, threads).transpose();
    out.columns.resize(Eigen::Index(points.dimensions), Eigen::Index(points.rows()));
    for (std::size_t place = 0; place < out.order.size(); ++place) {
        const std::size_t row = out.order[place];
        out.columns.col(Eigen::Index(place)) = rowsOf(points, row, 1).row(0).transpose().cast<double>() - mean;
        if (place == 0 || labels[row] != labels[out.order[place - 1]])
            out.starts.push_back(Eigen::Index(place));
    }
    out.starts.push_back(Eigen::Index(points.rows()));
    out.squares = out.columns.colwise().squaredNorm();
    return out;
}

/// Σ of the distances from each of `rows` points at `begin` to the members of each cluster: [clusters, rows].
void distanceSums(const Sorted& points, Eigen::Index begin, Eigen::Index rows, Eigen::MatrixXd& tile,
                  Eigen::MatrixXd& sums)
{
    sums.setZero(Eigen::Index(points.clusters()), rows);
    const auto own = points.columns.middleCols(begin, rows);
    for (std::size_t c = 0; c < points.clusters(); ++c) {
        for (Eigen::Index at = points.starts[c]; at < points.starts[c + 1]; at += kColumns) {
            const Eigen::Index width = std::min(kColumns, points.starts[c + 1] - at);
            tile.noalias() = -2 * points.columns.middleCols(at, width).transpose() * own;
            for (Eigen::Index i = 0; i < rows; ++i)
                sums(Eigen::Index(c), i) +=
                    (tile.col(i).array() + points.squares.segment(at, width).transpose().array() +
                     points.squares[begin + i])
                        .max(0)
                        .sqrt()
                        .sum();
        }
    }
}

double width(const Sorted& points, const Eigen::MatrixXd& sums, Eigen::Index i, std::size_t own)
{
    double other = std::numeric_limits<double>::infinity();
    double inside = 0;
    for (std::size_t c = 0; c < points.clusters(); ++c) {
        const double members = double(points.starts[c + 1] - points.starts[c]);
        const double sum = sums(Eigen::Index(c), i);
        if (c != own)
            other = std::min(other, sum / members);
        else if (members == 1)
            return 0;
        else
            inside = sum / (members - 1);
    }
    const double larger = std::max(inside, other);
    return larger > 0 ? (other - inside) / larger : 0;
}

} // namespace

Result<std::vector<double>> silhouette(Points points, std::span<const int> labels, int threads)
{
    FOVEATE_CHECK(checkPoints(points));
    if (labels.size() != points.rows())
        return fail(Code::wrongShape, {"labels", std::to_string(labels.size()), std::to_string(points.rows())});
    const Sorted all = sorted(points, labels, threads);
    if (all.clusters() < 2)
        return fail(Code::needsClasses, {std::to_string(all.clusters())});
    std::vector<double> result(points.rows());
    forChunks(points.rows(), kRows, threads, [&](const Chunk& chunk) {
        Eigen::MatrixXd tile, sums;
        distanceSums(all, Eigen::Index(chunk.begin), Eigen::Index(chunk.rows()), tile, sums);
        for (std::size_t place = chunk.begin; place < chunk.end; ++place) {
            const auto after = std::upper_bound(all.starts.begin(), all.starts.end(), Eigen::Index(place));
            const auto own = std::size_t(after - all.starts.begin()) - 1;
            result[all.order[place]] = width(all, sums, Eigen::Index(place - chunk.begin), own);
        }
    });
    return result;
}

} // namespace foveate::embed
