// SPDX-License-Identifier: GPL-3.0-or-later
// `periphery` (Gaussians), `periphery-zscore` and `periphery-silhouette` (methods.md §4.5).
#include "query/strategies/Periphery.h"

#include "embed/Clusters.h"
#include "embed/KMeans.h"
#include "embed/Pca.h"
#include "embed/Silhouette.h"

#include <algorithm>
#include <cmath>

namespace foveate::query {
namespace {

constexpr std::size_t kComponents = 8;
constexpr double kMostCertain = .6; ///< keeps three-way ties too
constexpr double kBand = .1;        ///< P1's [.4, .6]
constexpr double kShareKept = .01;  ///< when the rule keeps nothing
constexpr double kFarOut = 3;       ///< Mahalanobis (P1's code)
constexpr double kBadlyPlaced = .3; ///< silhouette (P1's code)

/// p_k(x) of every row of the plane, [n, clusters].
Result<std::vector<double>> memberships(const Plane& plane, const Pool& pool)
{
    const bool gmm = pool.options.clusterModel == ClusterModel::gmm;
    FOVEATE_TRY(const embed::Clusters clusters,
                gmm ? embed::fitMixture(plane.rows.points(), plane.clusters, plane.count, 100, pool.threads)
                    : embed::fitClusters(plane.rows.points(), plane.clusters, plane.count));
    return embed::membership(clusters, plane.rows.points(), gmm ? embed::Prior::byWeight : embed::Prior::equal,
                             pool.threads);
}

/// The distance that the rule bounds: max p, or the least |p − ½|.
double measureOf(std::span<const double> p, PeripheryRule rule)
{
    if (rule == PeripheryRule::below)
        return *std::max_element(p.begin(), p.end());
    double least = 1;
    for (const double v : p)
        least = std::min(least, std::abs(v - .5));
    return least;
}

/// The bound that keeps 1 % of the pool (one sample at least).
double widenedLimit(const Plane& plane, const std::vector<double>& measured, std::size_t poolSize)
{
    std::vector<double> ofPool;
    for (std::size_t i = 0; i < measured.size(); ++i)
        if (plane.rows.places[i] < poolSize)
            ofPool.push_back(measured[i]);
    if (ofPool.empty())
        return 0;
    const auto keep = std::size_t(std::ceil(kShareKept * double(ofPool.size())));
    std::nth_element(ofPool.begin(), ofPool.begin() + std::ptrdiff_t(keep - 1), ofPool.end());
    return std::nextafter(ofPool[keep - 1], 2.0);
}

/// Keeps what measures below the limit; kept ones by doubt above 1, others by closeness below 1.
void apply(Between& result, const Plane& plane, const std::vector<double>& measured, const Pool& pool)
{
    const bool band = pool.options.peripheryRule == PeripheryRule::band;
    result.limit = band ? std::nextafter(kBand, 1.0) : kMostCertain;
    const auto keepsNone = [&] {
        for (std::size_t i = 0; i < measured.size(); ++i)
            if (plane.rows.places[i] < pool.ids.size() && measured[i] < result.limit)
                return false;
        return true;
    };
    if (keepsNone()) {
        result.limit = widenedLimit(plane, measured, pool.ids.size());
        result.widened = true;
    }
    for (std::size_t i = 0; i < measured.size(); ++i) {
        const bool kept = measured[i] < result.limit;
        result.kept.push_back(kept);
        result.score.push_back(kept ? 1 + result.doubt[i] : band ? .5 - measured[i] : result.doubt[i]);
        result.reasons[i].numbers.push_back(kept ? 1 : 0);
    }
}

Result<Ranking> rankPeriphery(const Pool& pool, const Variant&)
{
    Ranking result;
    result.items = unjudged(pool);
    if (finiteRows(pool.features, pool.dimensions).size() > 0) {
        FOVEATE_TRY(const Plane plane, planeOf(pool));
        FOVEATE_TRY(const Between found, between(plane, pool));
        for (std::size_t i = 0; i < plane.rows.size(); ++i)
            if (plane.rows.places[i] < result.items.size()) {
                Ranked& item = result.items[plane.rows.places[i]];
                item.score = found.score[i];
                item.reason = found.reasons[i];
            }
        if (found.widened)
            result.notes["band"] = found.limit;
    }
    result.items = ranking(std::move(result.items));
    return result;
}

using Values = Result<std::vector<double>> (*)(const Plane&, const Pool&);

Result<std::vector<double>> distances(const Plane& plane, const Pool& pool)
{
    FOVEATE_TRY(const embed::Clusters clusters, embed::fitClusters(plane.rows.points(), plane.clusters, plane.count));
    return embed::mahalanobis(clusters, plane.rows.points(), plane.clusters, pool.threads);
}

Result<std::vector<double>> silhouettes(const Plane& plane, const Pool& pool)
{
    if (plane.count < 2) // one cluster: nobody lies nearer to another
        return std::vector<double>(plane.rows.size(), 1);
    return embed::silhouette(plane.rows.points(), plane.clusters, pool.threads);
}

template <ReasonCode code, Values values> Result<Ranking> rankByValue(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    if (finiteRows(pool.features, pool.dimensions).size() > 0) {
        FOVEATE_TRY(const Plane plane, planeOf(pool));
        FOVEATE_TRY(const std::vector<double> found, values(plane, pool));
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (plane.rows.places[i] >= items.size())
                continue;
            const bool far = code == ReasonCode::zscore;
            const bool kept = far ? found[i] >= kFarOut : found[i] <= kBadlyPlaced;
            Ranked& item = items[plane.rows.places[i]];
            item.score = far ? found[i] : 1 - found[i];
            item.reason = {code, {double(plane.clusters[i]), found[i], kept ? 1.0 : 0.0}};
        }
    }
    return Ranking{ranking(std::move(items))};
}

} // namespace

Result<Plane> planeOf(const Pool& pool)
{
    Plane plane;
    plane.rows = joined(finiteRows(pool.features, pool.dimensions), finiteRows(pool.labelled.features, pool.dimensions),
                        pool.ids.size());
    FOVEATE_TRY(const embed::Pca pca, embed::fitPca(plane.rows.points(), kComponents, pool.threads));
    FOVEATE_TRY(plane.rows.values, embed::scores(pca, plane.rows.points(), embed::Scores::whitened, pool.threads));
    plane.rows.dimensions = pca.components();
    embed::KMeansOptions options;
    options.clusters = int(std::max<std::size_t>(2, pool.classes));
    options.seed = pool.seed;
    options.threads = pool.threads;
    FOVEATE_TRY(const embed::KMeans found, embed::kMeans(plane.rows.points(), options));
    plane.clusters = found.labels;
    plane.count = found.clusters();
    return plane;
}

Result<Between> between(const Plane& plane, const Pool& pool)
{
    FOVEATE_TRY(const std::vector<double> p, memberships(plane, pool));
    Between result;
    std::vector<double> measured;
    const auto k = std::size_t(plane.count);
    for (std::size_t i = 0; i < plane.rows.size(); ++i) {
        const auto row = std::span(p).subspan(i * k, k);
        const auto [first, second] = topTwo(row);
        result.doubt.push_back(1 - row[first]);
        result.reasons.push_back(
            {ReasonCode::periphery, {double(first), row[first], double(second), k > 1 ? row[second] : 0}});
        measured.push_back(measureOf(row, pool.options.peripheryRule));
    }
    apply(result, plane, measured, pool);
    return result;
}

const Strategy kPeriphery{"periphery", kNeedsFeatures, nullptr, rankPeriphery};
const Strategy kPeripheryZscore{"periphery-zscore", kNeedsFeatures, nullptr,
                                rankByValue<ReasonCode::zscore, distances>};
const Strategy kPeripherySilhouette{"periphery-silhouette", kNeedsFeatures, nullptr,
                                    rankByValue<ReasonCode::silhouette, silhouettes>};

} // namespace foveate::query
