// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/SpreadingKernel.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace foveate::embed {
namespace {

constexpr std::size_t kRows = 64;
constexpr std::size_t kSources = 512;
constexpr double kSmallest = -708; ///< below it e^x leaves the normal numbers, and Eigen's exp stays at its least value

/// All points about their mean: [D,N].
struct Centred {
    Eigen::MatrixXd columns;
    Eigen::VectorXd squares;
};

Centred centred(Points points, int threads)
{
    Centred out;
    out.columns = (allRows(points).cast<double>().rowwise() - meanOf(points, threads)).transpose();
    out.squares = out.columns.colwise().squaredNorm();
    return out;
}

/// W of `rows` points from `begin` on against the sources [first, first + count).
void kernelTile(const Centred& all, const Centred& sources, std::span<const std::int64_t> ids, double gamma,
                const Chunk& rows, const Chunk& part, RowMatrix<double>& tile)
{
    const auto height = Eigen::Index(rows.rows()), width = Eigen::Index(part.rows());
    tile.resize(height, width);
    tile.noalias() = 2 * gamma * all.columns.middleCols(Eigen::Index(rows.begin), height).transpose() *
                     sources.columns.middleCols(Eigen::Index(part.begin), width);
    const auto own = sources.squares.segment(Eigen::Index(part.begin), width).transpose().array();
    for (Eigen::Index i = 0; i < height; ++i) {
        auto row = tile.row(i).array();
        row = (row - gamma * (own + all.squares[Eigen::Index(rows.begin) + i])).min(0);
        row = (row < kSmallest).select(0, row.exp());
    }
    for (std::size_t s = part.begin; s < part.end; ++s)
        if (ids[s] >= std::int64_t(rows.begin) && ids[s] < std::int64_t(rows.end))
            tile(ids[s] - Eigen::Index(rows.begin), Eigen::Index(s - part.begin)) = 0;
}

/// Edges that only the other end names, row after row.
struct Reverse {
    std::vector<std::size_t> starts;
    std::vector<std::int32_t> rows;
    std::vector<float> distances;
};

bool names(const NeighbourGraph& graph, std::int32_t from, std::int32_t to)
{
    int any = 0;
    for (const std::int32_t row : graph.rowsOf(std::size_t(from)))
        any |= int(row == to);
    return any != 0;
}

Reverse reversed(const NeighbourGraph& graph, int threads)
{
    const std::size_t n = graph.points();
    std::vector<std::uint8_t> single(graph.rows.size());
    parallelBlocks(n, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t e = begin * graph.k; e < end * graph.k; ++e)
            single[e] = std::uint8_t(!names(graph, graph.rows[e], std::int32_t(e / graph.k)));
    });
    Reverse out;
    out.starts.assign(n + 1, 0);
    for (std::size_t e = 0; e < single.size(); ++e)
        out.starts[std::size_t(graph.rows[e]) + 1] += single[e];
    for (std::size_t i = 0; i < n; ++i)
        out.starts[i + 1] += out.starts[i];
    out.rows.resize(out.starts[n]);
    out.distances.resize(out.starts[n]);
    std::vector<std::size_t> at(out.starts.begin(), out.starts.end() - 1);
    for (std::size_t e = 0; e < single.size(); ++e) {
        if (single[e] == 0)
            continue;
        const std::size_t place = at[std::size_t(graph.rows[e])]++;
        out.rows[place] = std::int32_t(e / graph.k);
        out.distances[place] = graph.distances[e];
    }
    return out;
}

/// out += Σ exp(−γd²) · values of the rows named.
void addEdges(std::span<const std::int32_t> rows, std::span<const float> distances, double gamma,
              const RowMatrix<double>& values, Eigen::ArrayXd& weights, double* out)
{
    const Eigen::Map<const Eigen::ArrayXf> lengths(distances.data(), Eigen::Index(distances.size()));
    weights = -gamma * lengths.cast<double>().square();
    weights = (weights < kSmallest).select(0, weights.exp());
    const auto columns = std::size_t(values.cols());
    for (std::size_t e = 0; e < rows.size(); ++e) {
        const double weight = weights[Eigen::Index(e)];
        const double* row = values.row(rows[e]).data();
        for (std::size_t c = 0; c < columns; ++c)
            out[c] += weight * row[c];
    }
}

} // namespace

SpreadingKernel denseKernel(Points points, double gamma, int threads)
{
    const auto all = std::make_shared<const Centred>(centred(points, threads));
    return [all, gamma, threads](const RowMatrix<double>& values, std::span<const std::int64_t> rows) {
        Centred sources;
        sources.columns.resize(all->columns.rows(), Eigen::Index(rows.size()));
        sources.squares.resize(Eigen::Index(rows.size()));
        for (std::size_t s = 0; s < rows.size(); ++s) {
            sources.columns.col(Eigen::Index(s)) = all->columns.col(rows[s]);
            sources.squares[Eigen::Index(s)] = all->squares[rows[s]];
        }
        const auto n = std::size_t(all->columns.cols());
        RowMatrix<double> out = RowMatrix<double>::Zero(Eigen::Index(n), values.cols());
        forChunks(n, kRows, threads, [&](const Chunk& chunk) {
            RowMatrix<double> tile;
            for (std::size_t first = 0; first < rows.size(); first += kSources) {
                const Chunk part{0, first, std::min(rows.size(), first + kSources)};
                kernelTile(*all, sources, rows, gamma, chunk, part, tile);
                out.middleRows(Eigen::Index(chunk.begin), Eigen::Index(chunk.rows())).noalias() +=
                    tile * values.middleRows(Eigen::Index(first), Eigen::Index(part.rows()));
            }
        });
        return out;
    };
}

SpreadingKernel sparseKernel(const NeighbourGraph& graph, double gamma, int threads)
{
    const auto reverse = std::make_shared<const Reverse>(reversed(graph, threads));
    return [&graph, reverse, gamma, threads](const RowMatrix<double>& values, std::span<const std::int64_t> rows) {
        const std::size_t n = graph.points();
        RowMatrix<double> spread;
        if (rows.size() < n) {
            spread.setZero(Eigen::Index(n), values.cols());
            for (std::size_t s = 0; s < rows.size(); ++s)
                spread.row(rows[s]) = values.row(Eigen::Index(s));
        }
        const RowMatrix<double>& from = rows.size() < n ? spread : values;
        RowMatrix<double> out = RowMatrix<double>::Zero(Eigen::Index(n), values.cols());
        parallelBlocks(n, threads, [&](std::size_t begin, std::size_t end) {
            Eigen::ArrayXd weights;
            for (std::size_t i = begin; i < end; ++i) {
                double* own = out.row(Eigen::Index(i)).data();
                const std::size_t first = reverse->starts[i], count = reverse->starts[i + 1] - first;
                addEdges(graph.rowsOf(i), graph.distancesOf(i), gamma, from, weights, own);
                addEdges(std::span(reverse->rows).subspan(first, count),
                         std::span(reverse->distances).subspan(first, count), gamma, from, weights, own);
            }
        });
        return out;
    };
}

} // namespace foveate::embed
