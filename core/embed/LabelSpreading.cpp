// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/LabelSpreading.h"

#include "embed/SpreadingKernel.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace foveate::embed {
namespace {

constexpr std::size_t kRows = 256;
constexpr int kManyUpdates = 10000;
using Matrix = RowMatrix<double>;

/// What is spread: a column for each run and class, or for each seed; and of which columns each run's classes are sums.
struct Columns {
    std::vector<std::int64_t> rows;                     ///< the seeds
    Matrix start;                                       ///< [seeds,m]: their rows of Y; all others are 0
    std::vector<std::vector<std::vector<int>>> members; ///< [run][class] → columns
};

std::vector<std::int64_t> seedsOf(const std::vector<std::vector<std::int64_t>>& runs)
{
    std::vector<std::int64_t> rows;
    for (const auto& run : runs)
        rows.insert(rows.end(), run.begin(), run.end());
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

Columns columnsOf(std::span<const int> classOf, int classes, const std::vector<std::vector<std::int64_t>>& runs)
{
    Columns columns;
    columns.rows = seedsOf(runs);
    const std::size_t seeds = columns.rows.size(), pairs = runs.size() * std::size_t(classes);
    const bool bySeed = seeds < pairs;
    columns.start.setZero(Eigen::Index(seeds), Eigen::Index(bySeed ? seeds : pairs));
    columns.members.assign(runs.size(), std::vector<std::vector<int>>(std::size_t(classes)));
    for (std::size_t r = 0; r < runs.size(); ++r) {
        if (!bySeed)
            for (int c = 0; c < classes; ++c)
                columns.members[r][std::size_t(c)] = {int(r) * classes + c};
        for (const std::int64_t row : runs[r]) {
            const auto seed =
                int(std::lower_bound(columns.rows.begin(), columns.rows.end(), row) - columns.rows.begin());
            const int own = classOf[std::size_t(row)];
            const int column = bySeed ? seed : int(r) * classes + own;
            columns.start(seed, column) = 1;
            if (bySeed)
                columns.members[r][std::size_t(own)].push_back(column);
        }
    }
    return columns;
}

double sumOf(const double* row, const std::vector<int>& columns)
{
    double sum = 0;
    for (const int column : columns)
        sum += row[column];
    return sum;
}

/// Σ|ΔF| of one run.
double changeOf(const Matrix& now, const Matrix& before, const std::vector<std::vector<int>>& members, int threads)
{
    std::vector<double> parts(chunkCount(std::size_t(now.rows()), kRows), 0);
    forChunks(std::size_t(now.rows()), kRows, threads, [&](const Chunk& chunk) {
        for (auto i = Eigen::Index(chunk.begin); i < Eigen::Index(chunk.end); ++i)
            for (const std::vector<int>& columns : members)
                parts[chunk.index] +=
                    std::abs(sumOf(now.row(i).data(), columns) - sumOf(before.row(i).data(), columns));
    });
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

void label(const Matrix& mass, const std::vector<std::vector<int>>& members, std::size_t run, int threads,
           Spread& spread)
{
    forChunks(std::size_t(mass.rows()), kRows, threads, [&](const Chunk& chunk) {
        for (std::size_t i = chunk.begin; i < chunk.end; ++i) {
            double most = 0;
            std::int16_t best = kUnreached;
            for (std::size_t c = 0; c < members.size(); ++c) {
                const double own = sumOf(mass.row(Eigen::Index(i)).data(), members[c]);
                if (own > most) {
                    most = own;
                    best = std::int16_t(c);
                }
            }
            spread.labels[i * spread.runs + run] = best;
        }
    });
}

/// 1/√ of the row sums of W; 0 for a point without neighbours.
Eigen::VectorXd scaling(const SpreadingKernel& kernel, std::span<const std::int64_t> all)
{
    const Matrix degrees = kernel(Matrix::Ones(Eigen::Index(all.size()), 1), all);
    return degrees.col(0).unaryExpr([](double degree) { return degree > 0 ? 1 / std::sqrt(degree) : 0; });
}

void spreadColumns(const SpreadingKernel& kernel, const Columns& columns, std::size_t n,
                   const SpreadingOptions& options, Spread& spread)
{
    std::vector<std::int64_t> all(n);
    std::iota(all.begin(), all.end(), std::int64_t(0));
    const Eigen::VectorXd scale = scaling(kernel, all);
    Matrix mass = Matrix::Zero(Eigen::Index(n), columns.start.cols());
    for (std::size_t s = 0; s < columns.rows.size(); ++s)
        mass.row(columns.rows[s]) = columns.start.row(Eigen::Index(s));
    const double tolerance = options.converge ? 1e-9 * double(n) : options.tolerance;
    const int updates = options.converge ? kManyUpdates : options.updates;
    std::vector<std::size_t> running(spread.runs);
    std::iota(running.begin(), running.end(), std::size_t(0));
    for (int update = 1; update <= updates && !running.empty(); ++update) {
        // Before the first update only the seeds have any mass.
        const std::span<const std::int64_t> from = update == 1 ? std::span<const std::int64_t>(columns.rows) : all;
        Matrix scaled(Eigen::Index(from.size()), mass.cols());
        for (std::size_t s = 0; s < from.size(); ++s)
            scaled.row(Eigen::Index(s)) = scale[from[s]] * mass.row(from[s]);
        Matrix next = kernel(scaled, from);
        for (Eigen::Index i = 0; i < next.rows(); ++i)
            next.row(i) *= options.alpha * scale[i];
        for (std::size_t s = 0; s < columns.rows.size(); ++s)
            next.row(columns.rows[s]) += (1 - options.alpha) * columns.start.row(Eigen::Index(s));
        const bool last = update == updates;
        std::erase_if(running, [&](std::size_t run) {
            const auto& members = columns.members[run];
            if (!last && changeOf(next, mass, members, options.threads) >= tolerance)
                return false;
            label(next, members, run, options.threads, spread);
            spread.updates[run] = update;
            return true;
        });
        mass = std::move(next);
    }
}

Status check(Points points, std::span<const int> classOf, int classes,
             const std::vector<std::vector<std::int64_t>>& runs, const SpreadingOptions& options)
{
    FOVEATE_CHECK(checkPoints(points));
    if (classOf.size() != points.rows())
        return fail(Code::wrongShape, {"labels", std::to_string(classOf.size()), std::to_string(points.rows())});
    if (!(options.gamma > 0) || !(options.alpha > 0 && options.alpha < 1) || options.updates < 1)
        return fail(Code::usage, {"label-spread"});
    for (const auto& run : runs) {
        if (run.empty())
            return fail(Code::needsLabels, {"0", "1", "label"});
        for (const std::int64_t row : run)
            if (row < 0 || std::size_t(row) >= points.rows() || classOf[std::size_t(row)] < 0 ||
                classOf[std::size_t(row)] >= classes)
                return fail(Code::wrongShape, {"seed", std::to_string(row), std::to_string(points.rows())});
    }
    return {};
}

} // namespace

Result<Spread> spreadLabels(Points points, std::span<const int> classOf, int classes,
                            const std::vector<std::vector<std::int64_t>>& runs, const SpreadingOptions& options,
                            const NeighbourGraph* graph)
{
    FOVEATE_CHECK(check(points, classOf, classes, runs, options));
    Spread spread;
    spread.runs = runs.size();
    spread.labels.assign(points.rows() * runs.size(), kUnreached);
    spread.updates.assign(runs.size(), 0);
    spread.sparse = points.rows() > options.denseLimit;
    const Columns columns = columnsOf(classOf, classes, runs);
    if (!spread.sparse) {
        spreadColumns(denseKernel(points, options.gamma, options.threads), columns, points.rows(), options, spread);
        return spread;
    }
    NeighbourGraph own;
    if (graph == nullptr || graph->points() != points.rows() || graph->k < options.neighbours) {
        FOVEATE_TRY(
            own, neighbourGraph(points, {.k = options.neighbours, .seed = options.seed, .threads = options.threads}));
        graph = &own;
    }
    spread.recall = graph->recall;
    spreadColumns(sparseKernel(*graph, options.gamma, options.threads), columns, points.rows(), options, spread);
    return spread;
}

std::vector<int> votes(const Spread& spread, int classes)
{
    const std::size_t n = spread.runs == 0 ? 0 : spread.labels.size() / spread.runs;
    std::vector<int> counts(n * std::size_t(classes), 0);
    for (std::size_t i = 0; i < n; ++i)
        for (const std::int16_t label : spread.labelsOf(i))
            if (label != kUnreached)
                ++counts[i * std::size_t(classes) + std::size_t(label)];
    return counts;
}

} // namespace foveate::embed
