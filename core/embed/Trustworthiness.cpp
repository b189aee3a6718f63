// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Trustworthiness.h"

#include "base/Random.h"
#include "embed/Matrices.h"
#include "embed/NeighbourGraph.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace foveate::embed {
namespace {

constexpr std::size_t kRows = 32;

std::vector<std::size_t> drawn(std::size_t n, std::size_t sample, std::uint64_t seed)
{
    std::vector<std::size_t> rows(n);
    std::iota(rows.begin(), rows.end(), std::size_t(0));
    if (sample < n) {
        Random random = Random::derive(seed, "trustworthiness");
        random.shuffle(rows);
        rows.resize(sample);
    }
    return rows;
}

/// How many points lie nearer to point i than j does; equal distances by row.
std::size_t nearerThan(const Eigen::VectorXd& squared, Eigen::Index i, Eigen::Index j)
{
    std::size_t count = 0;
    const double limit = squared[j];
    for (Eigen::Index l = 0; l < squared.size(); ++l)
        count += std::size_t(squared[l] < limit || (squared[l] == limit && l < j));
    return count - std::size_t(squared[i] < limit || (squared[i] == limit && i < j));
}

} // namespace

Result<double> trustworthiness(Points features, Points layout, std::size_t k, std::size_t sample, std::uint64_t seed,
                               int threads)
{
    if (features.rows() != layout.rows())
        return fail(Code::wrongShape, {"layout", std::to_string(layout.rows()), std::to_string(features.rows())});
    FOVEATE_CHECK(checkPoints(features));
    const std::vector<std::size_t> rows = drawn(features.rows(), sample, seed);
    const std::size_t n = rows.size(), d = features.dimensions;
    if (n < 3)
        return 1.0;
    const std::vector<float> places = gathered(layout, rows), values = gathered(features, rows);
    const std::size_t cut = std::max<std::size_t>(1, std::min(k, (2 * n - 2) / 3));
    FOVEATE_TRY(const NeighbourGraph near, neighbourGraph({places, layout.dimensions}, {.k = cut, .threads = threads}));
    const RowMatrix<double> all = allRows({values, d}).cast<double>();
    std::vector<double> parts(chunkCount(n, kRows), 0);
    forChunks(n, kRows, threads, [&](const Chunk& chunk) {
        for (std::size_t i = chunk.begin; i < chunk.end; ++i) {
            const Eigen::VectorXd squared = (all.rowwise() - all.row(Eigen::Index(i))).rowwise().squaredNorm();
            for (const std::int32_t j : near.rowsOf(i)) {
                const std::size_t rank = 1 + nearerThan(squared, Eigen::Index(i), j);
                parts[chunk.index] += rank > cut ? double(rank - cut) : 0;
            }
        }
    });
    const double penalty = std::accumulate(parts.begin(), parts.end(), 0.0);
    return 1 - 2 * penalty / (double(n) * double(cut) * double(2 * n - 3 * cut - 1));
}

} // namespace foveate::embed
