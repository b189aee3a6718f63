// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/LatentClusters.h"

#include "embed/KMeans.h"
#include "embed/Pca.h"
#include "query/strategies/Strategies.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace foveate::query {
namespace {

/// Places of the clusters when their centres are ordered along the first principal axis of all latents.
Result<std::vector<int>> orderAlongAxis(const embed::KMeans& found, embed::Points points, int threads)
{
    FOVEATE_TRY(const embed::Pca pca, embed::fitPca(points, 1, threads));
    FOVEATE_TRY(const std::vector<float> along,
                embed::scores(pca, found.centrePoints(), embed::Scores::plain, threads));
    std::vector<int> order(found.sizes.size()), places(order.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
        return std::make_pair(along[std::size_t(a)], a) < std::make_pair(along[std::size_t(b)], b);
    });
    for (std::size_t i = 0; i < order.size(); ++i)
        places[std::size_t(order[i])] = int(i);
    return places;
}

double distance(const float* a, const float* b, std::size_t n)
{
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k)
        sum += (double(a[k]) - double(b[k])) * (double(a[k]) - double(b[k]));
    return std::sqrt(sum);
}

const std::string& idOf(const Pool& pool, std::size_t row)
{
    return row < pool.ids.size() ? pool.ids[row] : pool.labelled.ids[row - pool.ids.size()];
}

void nameRepresentatives(LatentClusters& result, const Pool& pool)
{
    std::vector<double> nearest(result.clusters.size(), std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
        const auto c = std::size_t(result.of[i]);
        LatentCluster& cluster = result.clusters[c];
        const bool labelled = result.rows[i] >= pool.ids.size();
        ++cluster.members;
        if (labelled == cluster.labelled ? result.distances[i] < nearest[c] : labelled) {
            cluster.labelled = labelled;
            cluster.representative = idOf(pool, result.rows[i]);
            nearest[c] = result.distances[i];
        }
    }
}

/// Clusters of some rows of pool and labelled. REQUIRES: at least one.
Result<LatentClusters> clustersOf(const FiniteRows& all, const Pool& pool)
{
    embed::KMeansOptions options;
    options.clusters = pool.options.clusters;
    options.seed = pool.seed;
    options.threads = pool.threads;
    FOVEATE_TRY(const embed::KMeans found, embed::kMeans(all.points(), options));
    FOVEATE_TRY(const std::vector<int> places, orderAlongAxis(found, all.points(), pool.threads));
    LatentClusters result;
    result.clusters.resize(found.sizes.size());
    result.rows = all.places;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto own = std::size_t(found.labels[i]);
        result.of.push_back(places[own]);
        result.distances.push_back(distance(all.points().row(i), found.centrePoints().row(own), all.dimensions));
    }
    nameRepresentatives(result, pool);
    return result;
}

FiniteRows withoutRepresentatives(const FiniteRows& rows, const LatentClusters& clusters, const Pool& pool)
{
    FiniteRows left{{}, {}, rows.dimensions};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string& id = idOf(pool, rows.places[i]);
        if (std::any_of(clusters.clusters.begin(), clusters.clusters.end(),
                        [&id](const LatentCluster& cluster) { return cluster.representative == id; }))
            continue;
        const std::span<const float> values(rows.points().row(i), rows.dimensions);
        left.places.push_back(rows.places[i]);
        left.values.insert(left.values.end(), values.begin(), values.end());
    }
    return left;
}

} // namespace

bool LatentClusters::allLabelled() const
{
    return std::all_of(clusters.begin(), clusters.end(), [](const LatentCluster& c) { return c.labelled; });
}

Result<LatentClusters> latentClusters(const Pool& pool)
{
    const FiniteRows all = joined(finiteRows(pool.latents, pool.latentCount),
                                  finiteRows(pool.labelled.latents, pool.latentCount), pool.ids.size());
    return all.size() == 0 ? LatentClusters() : clustersOf(all, pool);
}

Result<std::vector<LatentClusters>> clustersToExhaustion(const Pool& pool)
{
    std::vector<LatentClusters> rounds;
    FiniteRows left =
        joined({{}, {}, pool.latentCount}, finiteRows(pool.labelled.latents, pool.latentCount), pool.ids.size());
    while (left.size() > 0) {
        FOVEATE_TRY(LatentClusters found, clustersOf(left, pool));
        left = withoutRepresentatives(left, found, pool);
        rounds.push_back(std::move(found));
    }
    return rounds;
}

std::vector<int> levelsOf(const std::vector<double>& gains, bool ordinal)
{
    std::vector<double> smooth = gains;
    for (std::size_t i = 0; ordinal && i < gains.size(); ++i) {
        double sum = .5 * gains[i], weight = .5;
        for (const std::size_t j : {i - 1, i + 1}) // i − 1 of 0 lies beyond the end
            if (j < gains.size()) {
                sum += .25 * gains[j];
                weight += .25;
            }
        smooth[i] = sum / weight;
    }
    std::vector<std::size_t> order(gains.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return smooth[a] > smooth[b]; });
    std::vector<int> levels(gains.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        levels[order[i]] = int(i) + 1;
    return levels;
}

} // namespace foveate::query
