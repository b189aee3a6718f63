// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Neighbours.h"

#include "base/Parallel.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace foveate::embed {
namespace {

constexpr std::size_t kBlock = 256;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatMap = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

FloatMap asMatrix(Points points, std::size_t begin, std::size_t rows)
{
    return {points.values.data() + begin * points.dimensions, Eigen::Index(rows), Eigen::Index(points.dimensions)};
}

Status check(Points base, Points queries)
{
    if (base.rows() == 0 || base.dimensions != queries.dimensions)
        return fail(Code::wrongShape,
                    {"features", std::to_string(queries.dimensions), std::to_string(base.dimensions)});
    const auto finite = [](float v) { return std::isfinite(v); };
    if (!std::all_of(base.values.begin(), base.values.end(), finite) ||
        !std::all_of(queries.values.begin(), queries.values.end(), finite))
        return fail(Code::nonFinite, {"features"});
    return {};
}

/// The base about its mean, with the squared length of each row.
struct Centred {
    Matrix points;
    Eigen::RowVectorXd mean;
    Eigen::VectorXd squares;
};

Centred centre(Points base)
{
    Centred out;
    out.points = asMatrix(base, 0, base.rows()).cast<double>();
    out.mean = out.points.colwise().mean();
    out.points.rowwise() -= out.mean;
    out.squares = out.points.rowwise().squaredNorm();
    return out;
}

/// Writes one query's k nearest; `squared` holds its squared distances to every row of the base.
void pick(const Eigen::Ref<const Eigen::RowVectorXd>& squared, std::size_t query, std::vector<std::int64_t>& order,
          NeighbourTable& table)
{
    std::iota(order.begin(), order.end(), std::int64_t(0));
    const auto closer = [&](std::int64_t a, std::int64_t b) {
        return squared[a] != squared[b] ? squared[a] < squared[b] : a < b;
    };
    const auto end = order.begin() + std::ptrdiff_t(table.k);
    std::partial_sort(order.begin(), end, order.end(), closer);
    for (std::size_t j = 0; j < table.k; ++j) {
        table.rows[query * table.k + j] = order[j];
        table.distances[query * table.k + j] = std::sqrt(std::max(0.0, squared[order[j]]));
    }
}

void block(const Centred& base, Points queries, std::size_t begin, std::size_t end, NeighbourTable& table)
{
    const Matrix points = asMatrix(queries, begin, end - begin).cast<double>().rowwise() - base.mean;
    Matrix squared = -2 * points * base.points.transpose();
    squared.rowwise() += base.squares.transpose();
    squared.colwise() += points.rowwise().squaredNorm();
    std::vector<std::int64_t> order(std::size_t(base.points.rows()));
    for (std::size_t i = begin; i < end; ++i)
        pick(squared.row(Eigen::Index(i - begin)), i, order, table);
}

int vote(std::span<const std::int64_t> rows, std::span<const int> labels, int classes)
{
    std::vector<int> votes(std::size_t(classes), 0);
    for (const std::int64_t row : rows)
        ++votes[std::size_t(labels[std::size_t(row)])];
    return int(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

} // namespace

Result<NeighbourTable> nearest(Points base, Points queries, std::size_t k, int threads)
{
    FOVEATE_CHECK(check(base, queries));
    NeighbourTable table;
    table.k = std::min(k, base.rows());
    table.rows.resize(queries.rows() * table.k);
    table.distances.resize(table.rows.size());
    const Centred centred = centre(base);
    // Blocks of a fixed size, not one per thread: a product's rounding may depend on the block's shape.
    const std::size_t blocks = (queries.rows() + kBlock - 1) / kBlock;
    parallelBlocks(blocks, threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t b = first; b < last; ++b)
            block(centred, queries, b * kBlock, std::min((b + 1) * kBlock, queries.rows()), table);
    });
    return table;
}

Result<std::vector<int>> classify(Points base, std::span<const int> labels, int classes, Points queries, std::size_t k,
                                  int threads)
{
    if (labels.size() != base.rows())
        return fail(Code::wrongShape, {"labels", std::to_string(labels.size()), std::to_string(base.rows())});
    FOVEATE_TRY(const NeighbourTable table, nearest(base, queries, k, threads));
    std::vector<int> predicted(queries.rows());
    for (std::size_t i = 0; i < predicted.size(); ++i)
        predicted[i] = vote(std::span(table.rows).subspan(i * table.k, table.k), labels, classes);
    return predicted;
}

} // namespace foveate::embed
