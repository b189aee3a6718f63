// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/KMeans.h"

#include "base/Random.h"
#include "embed/Matrices.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace foveate::embed {
namespace {

constexpr std::size_t kTile = 256;  ///< points compared with all centres at a time
constexpr std::size_t kShares = 32; ///< sums kept apart, so that threads do not matter

/// The points about their mean, column by column: a column of a tile is one vector.
struct Columns {
    Eigen::MatrixXf values; ///< [N,D]
    Points rows;            ///< the same points, row by row
    std::size_t share;
    int threads;
    std::size_t n() const { return std::size_t(values.rows()); }
};

using Centres = RowMatrix<float>; // [k,D]

using Labels = std::vector<int>;

/// One share's part of the new centres.
struct Sums {
    RowMatrix<double> sums;
    std::vector<std::size_t> counts;
    std::size_t changed = 0;
};

/// The nearest centre of each point of a tile: largest x·c − ½|c|²; the lower cluster of equals.
void assignTile(const Columns& points, const Chunk& tile, const Centres& centres, const Eigen::RowVectorXf& halves,
                Eigen::MatrixXf& products, int* labels)
{
    const auto rows = Eigen::Index(tile.rows());
    products.resize(rows, centres.rows());
    products.noalias() = points.values.middleRows(Eigen::Index(tile.begin), rows) * centres.transpose();
    float best[kTile];
    for (Eigen::Index i = 0; i < rows; ++i) {
        best[i] = products(i, 0) - halves[0];
        labels[i] = 0;
    }
    for (Eigen::Index c = 1; c < centres.rows(); ++c) {
        const float* column = products.col(c).data();
        const float half = halves[c];
        for (Eigen::Index i = 0; i < rows; ++i) {
            const float value = column[i] - half;
            const bool better = value > best[i];
            best[i] = better ? value : best[i];
            labels[i] = better ? int(c) : labels[i];
        }
    }
}

void addTile(const Columns& points, const Chunk& tile, const Labels& labels, Sums& sums)
{
    const std::size_t d = points.rows.dimensions;
    for (std::size_t i = tile.begin; i < tile.end; ++i) {
        const float* row = points.rows.row(i);
        double* sum = sums.sums.row(labels[i]).data();
        for (std::size_t j = 0; j < d; ++j)
            sum[j] += double(row[j]);
        ++sums.counts[std::size_t(labels[i])];
    }
}

/// Assigns all points and sums them by cluster.
Sums assign(const Columns& points, const Centres& centres, Labels& labels)
{
    const Eigen::RowVectorXf halves = .5F * centres.rowwise().squaredNorm().transpose();
    std::vector<Sums> shares(chunkCount(points.n(), points.share));
    forChunks(points.n(), points.share, points.threads, [&](const Chunk& share) {
        Sums& sums = shares[share.index];
        sums.sums.setZero(centres.rows(), centres.cols());
        sums.counts.assign(std::size_t(centres.rows()), 0);
        Eigen::MatrixXf products;
        std::array<int, kTile> before{};
        for (std::size_t begin = share.begin; begin < share.end; begin += kTile) {
            const Chunk tile{0, begin, std::min(share.end, begin + kTile)};
            std::copy_n(labels.data() + begin, tile.rows(), before.begin());
            assignTile(points, tile, centres, halves, products, labels.data() + begin);
            for (std::size_t i = tile.begin; i < tile.end; ++i)
                sums.changed += std::size_t(before[i - begin] != labels[i]);
            addTile(points, tile, labels, sums);
        }
    });
    for (std::size_t s = 1; s < shares.size(); ++s) {
        shares[0].sums += shares[s].sums;
        shares[0].changed += shares[s].changed;
        for (std::size_t c = 0; c < shares[0].counts.size(); ++c)
            shares[0].counts[c] += shares[s].counts[c];
    }
    return std::move(shares[0]);
}

/// Squared distances of all points to one of them.
void distancesTo(const Columns& points, std::size_t row, std::vector<float>& squared)
{
    forChunks(points.n(), points.share, points.threads, [&](const Chunk& share) {
        const auto begin = Eigen::Index(share.begin), rows = Eigen::Index(share.rows());
        Eigen::Map<Eigen::ArrayXf> out(squared.data() + share.begin, rows);
        out.setZero();
        for (Eigen::Index j = 0; j < points.values.cols(); ++j)
            out += (points.values.col(j).segment(begin, rows).array() - points.values(Eigen::Index(row), j)).square();
    });
}

/// Σ min(nearest, candidate), share by share.
double potential(const std::vector<float>& nearest, const std::vector<float>& candidate)
{
    double sum = 0;
    for (std::size_t begin = 0; begin < nearest.size(); begin += kTile) {
        float part = 0;
        for (std::size_t i = begin; i < std::min(nearest.size(), begin + kTile); ++i)
            part += std::min(nearest[i], candidate[i]);
        sum += double(part);
    }
    return sum;
}

/// A row drawn with a probability in proportion to `weights`.
std::size_t draw(const std::vector<float>& weights, double total, Random& random)
{
    double left = random.uniform() * total;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] <= 0)
            continue;
        last = i;
        left -= double(weights[i]);
        if (left < 0)
            return i;
    }
    return last;
}

/// Greedy k-means++; fewer centres than asked for when no different point is left.
Centres seed(const Columns& points, int clusters, Random& random)
{
    const int trials = 2 + int(std::log(double(clusters)));
    std::vector<std::size_t> chosen{std::size_t(random.below(points.n()))};
    std::vector<float> nearest(points.n()), candidate(points.n()), best;
    distancesTo(points, chosen[0], nearest);
    std::vector<float> none(points.n(), std::numeric_limits<float>::max());
    double total = potential(nearest, none);
    while (int(chosen.size()) < clusters && total > 0) {
        double least = std::numeric_limits<double>::infinity();
        std::size_t row = 0;
        for (int t = 0; t < trials; ++t) {
            const std::size_t tried = draw(nearest, total, random);
            distancesTo(points, tried, candidate);
            const double value = potential(nearest, candidate);
            if (value < least) {
                least = value;
                row = tried;
                best.swap(candidate);
                candidate.resize(points.n());
            }
        }
        chosen.push_back(row);
        for (std::size_t i = 0; i < nearest.size(); ++i)
            nearest[i] = std::min(nearest[i], best[i]);
        total = potential(nearest, none);
    }
    Centres centres(Eigen::Index(chosen.size()), points.values.cols());
    for (std::size_t c = 0; c < chosen.size(); ++c)
        centres.row(Eigen::Index(c)) = points.values.row(Eigen::Index(chosen[c]));
    return centres;
}

double squaredDistance(const Columns& points, std::size_t row, const Centres& centres, int cluster)
{
    return (points.values.row(Eigen::Index(row)) - centres.row(cluster)).cast<double>().squaredNorm();
}

/// Gives each empty cluster the point farthest from its centre, taken from its former cluster.
void fillEmpty(const Columns& points, const Centres& centres, Labels& labels, Sums& sums)
{
    for (std::size_t c = 0; c < sums.counts.size(); ++c) {
        if (sums.counts[c] > 0)
            continue;
        std::size_t farthest = 0;
        double most = -1;
        for (std::size_t i = 0; i < points.n(); ++i) {
            const double far = squaredDistance(points, i, centres, labels[i]);
            if (far > most && sums.counts[std::size_t(labels[i])] > 1) {
                most = far;
                farthest = i;
            }
        }
        const int from = labels[farthest];
        const Eigen::RowVectorXd row = rowsOf(points.rows, farthest, 1).row(0).cast<double>();
        sums.sums.row(from) -= row;
        sums.sums.row(Eigen::Index(c)) = row;
        --sums.counts[std::size_t(from)];
        sums.counts[c] = 1;
        labels[farthest] = int(c);
    }
}

struct Solution {
    Centres centres; ///< about the mean
    Labels labels;
    std::vector<std::size_t> counts;
    double inertia = std::numeric_limits<double>::infinity();
    int iterations = 0;
};

double inertiaOf(const Columns& points, const Solution& solution)
{
    std::vector<double> parts(chunkCount(points.n(), points.share), 0);
    forChunks(points.n(), points.share, points.threads, [&](const Chunk& share) {
        for (std::size_t i = share.begin; i < share.end; ++i)
            parts[share.index] += squaredDistance(points, i, solution.centres, solution.labels[i]);
    });
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

Solution lloyd(const Columns& points, const Eigen::RowVectorXd& mean, Centres start, const KMeansOptions& options,
               double tolerance)
{
    Solution solution;
    solution.centres = std::move(start);
    solution.labels.assign(points.n(), -1);
    for (;;) {
        Sums sums = assign(points, solution.centres, solution.labels);
        fillEmpty(points, solution.centres, solution.labels, sums);
        solution.counts = sums.counts;
        if (sums.changed == 0 || solution.iterations >= options.iterations)
            break;
        ++solution.iterations;
        Centres moved(solution.centres.rows(), solution.centres.cols());
        for (Eigen::Index c = 0; c < moved.rows(); ++c)
            moved.row(c) = (sums.sums.row(c) / double(sums.counts[std::size_t(c)]) - mean).cast<float>();
        const double shift = (moved - solution.centres).cast<double>().squaredNorm();
        solution.centres = std::move(moved);
        if (shift <= tolerance) {
            Sums last = assign(points, solution.centres, solution.labels);
            fillEmpty(points, solution.centres, solution.labels, last);
            solution.counts = last.counts;
            break;
        }
    }
    solution.inertia = inertiaOf(points, solution);
    return solution;
}

KMeans inOrder(const Solution& solution, const Eigen::RowVectorXd& mean)
{
    std::vector<int> order(solution.counts.size()), rank(solution.counts.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
        const auto x = solution.centres.row(a), y = solution.centres.row(b);
        return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
    });
    KMeans result;
    result.dimensions = std::size_t(mean.size());
    result.inertia = solution.inertia;
    result.iterations = solution.iterations;
    for (std::size_t c = 0; c < order.size(); ++c) {
        rank[std::size_t(order[c])] = int(c);
        const Eigen::RowVectorXf centre = (solution.centres.row(order[c]).cast<double>() + mean).cast<float>();
        result.centres.insert(result.centres.end(), centre.begin(), centre.end());
        result.sizes.push_back(solution.counts[std::size_t(order[c])]);
    }
    for (const int label : solution.labels)
        result.labels.push_back(rank[std::size_t(label)]);
    return result;
}

} // namespace

Result<KMeans> kMeans(Points points, const KMeansOptions& options)
{
    FOVEATE_CHECK(checkPoints(points));
    const std::size_t n = points.rows();
    const Eigen::RowVectorXd mean = meanOf(points, options.threads);
    Columns columns{{}, points, std::max(kTile, chunkCount(chunkCount(n, kTile), kShares) * kTile), options.threads};
    columns.values.resize(Eigen::Index(n), Eigen::Index(points.dimensions));
    forChunks(n, columns.share, options.threads, [&](const Chunk& share) {
        columns.values.middleRows(Eigen::Index(share.begin), Eigen::Index(share.rows())) =
            rowsOf(points, share.begin, share.rows()).rowwise() - mean.cast<float>();
    });
    const double variance = columns.values.cast<double>().squaredNorm() / double(n) / double(points.dimensions);
    const int clusters = int(std::min<std::size_t>(std::size_t(std::max(1, options.clusters)), n));
    Solution best;
    for (int r = 0; r < std::max(1, options.restarts); ++r) {
        Random random = Random::derive(options.seed, "k-means", std::uint64_t(r));
        Solution tried = lloyd(columns, mean, seed(columns, clusters, random), options, options.tolerance * variance);
        if (tried.inertia < best.inertia)
            best = std::move(tried);
    }
    return inOrder(best, mean);
}

} // namespace foveate::embed
