// SPDX-License-Identifier: GPL-3.0-or-later
// `deep-saliency` (P4, Algorithm 2; methods.md §4.9), in two phases. While a cluster of latents has no labelled
// representative, those to be labelled come first, the rest by distance to their centre. Then clusters are ranked by
// what their representative's label was worth, a forest learns the levels, and the pool goes by its expected level.
// Literally (options.literal) nothing is asked for: the labelled are clustered again and again without those that have
// been representatives, and the forest learns from every round.
#include "query/LatentClusters.h"
#include "query/OnlineForest.h"
#include "query/strategies/Strategies.h"

#include <algorithm>
#include <map>

namespace foveate::query {
namespace {

void askForRepresentatives(const LatentClusters& found, const Pool& pool, std::vector<Ranked>& items)
{
    for (std::size_t i = 0; i < found.rows.size(); ++i) {
        if (found.rows[i] >= items.size())
            continue;
        Ranked& item = items[found.rows[i]];
        const auto c = std::size_t(found.of[i]);
        const LatentCluster& cluster = found.clusters[c];
        if (!cluster.labelled && cluster.representative == pool.ids[found.rows[i]]) {
            item.score = 2 - double(c) / double(found.clusters.size());
            item.reason = {ReasonCode::representative, {double(c + 1)}};
        } else {
            item.score = 1 / (1 + found.distances[i]);
            item.reason = {ReasonCode::awaiting, {double(c + 1), found.distances[i]}};
        }
    }
}

Result<std::vector<double>> gainsOf(const LatentClusters& found, const Pool& pool)
{
    std::map<std::string, double> known;
    for (const Impact& impact : pool.impacts)
        known.emplace(impact.id, impact.gain);
    std::vector<double> gains;
    for (const LatentCluster& cluster : found.clusters) {
        const auto gain = known.find(cluster.representative);
        if (gain == known.end())
            return fail(Code::wrongShape,
                        {"impacts", std::to_string(known.size()), std::to_string(found.clusters.size())});
        gains.push_back(gain->second);
    }
    return gains;
}

std::span<const float> latentOf(const Pool& pool, std::size_t row)
{
    const std::size_t n = pool.ids.size(), width = pool.latentCount;
    return row < n ? pool.latents.subspan(row * width, width) : pool.labelled.latents.subspan((row - n) * width, width);
}

/// The clusters' samples: what the forest learns from.
struct Lesson {
    std::vector<float> values;
    std::vector<int> labels; ///< level − 1
};

Lesson lessonOf(const LatentClusters& found, const std::vector<int>& levels, const Pool& pool)
{
    Lesson lesson;
    for (std::size_t i = 0; i < found.rows.size(); ++i) {
        const auto latent = latentOf(pool, found.rows[i]);
        lesson.values.insert(lesson.values.end(), latent.begin(), latent.end());
        lesson.labels.push_back(levels[std::size_t(found.of[i])] - 1);
    }
    return lesson;
}

ForestOptions forestOptions(const Pool& pool)
{
    ForestOptions options;
    options.seed = pool.seed;
    return options;
}

/// The pool's finite rows by the forest's expected level, of `count`.
void rankByLevel(const OnlineForest& forest, int count, const Pool& pool, std::vector<Ranked>& items)
{
    for (const std::size_t row : finiteRows(pool.latents, pool.latentCount).places) {
        const std::vector<double> p = forest.probabilities(latentOf(pool, row));
        double expected = 0;
        for (std::size_t k = 0; k < p.size(); ++k)
            expected += double(k + 1) * p[k];
        items[row].score = std::max(0.0, double(count) - expected);
        items[row].reason = {ReasonCode::level, {expected, double(count)}};
    }
}

/// Levels of fewer clusters than K, spread over 1..K: the first stays the most informative, the last the least.
std::vector<int> spreadOver(std::vector<int> levels, int count)
{
    const int own = int(levels.size());
    for (int& level : levels)
        level = own < 2 ? level : 1 + ((level - 1) * (count - 1) + (own - 1) / 2) / (own - 1);
    return levels;
}

Result<Ranking> rankLiterally(const Pool& pool)
{
    FOVEATE_TRY(const std::vector<LatentClusters> rounds, clustersToExhaustion(pool));
    if (rounds.empty() || rounds.front().clusters.size() < 2)
        return fail(Code::needsLabels, {std::to_string(pool.labelled.ids.size()), "2", "label"});
    const int count = int(rounds.front().clusters.size());
    const FiniteRows all = finiteRows(pool.latents, pool.latentCount);
    std::vector<float> seen = finiteRows(pool.labelled.latents, pool.latentCount).values;
    seen.insert(seen.end(), all.values.begin(), all.values.end());
    OnlineForest forest = forestFor(seen, pool.latentCount, count, forestOptions(pool));
    Ranking result;
    for (std::size_t n = 0; n < rounds.size(); ++n) {
        if (rounds[n].clusters.size() < 2) // nothing to compare
            continue;
        FOVEATE_TRY(const std::vector<double> gains, gainsOf(rounds[n], pool));
        const std::vector<int> levels = spreadOver(levelsOf(gains, pool.options.ordinal), count);
        const Lesson lesson = lessonOf(rounds[n], levels, pool);
        teach(forest, lesson.values, pool.latentCount, lesson.labels, forestOptions(pool), int(n));
        result.notes["rounds"].push_back({{"levels", levels}, {"gains", gains}});
    }
    result.items = unjudged(pool);
    rankByLevel(forest, count, pool, result.items);
    result.items = ranking(std::move(result.items));
    return result;
}

Result<Ranking> rankDeepSaliency(const Pool& pool, const Variant&)
{
    if (pool.options.literal)
        return rankLiterally(pool);
    FOVEATE_TRY(const LatentClusters found, latentClusters(pool));
    Ranking result;
    result.items = unjudged(pool);
    if (found.allLabelled() && !found.clusters.empty()) {
        FOVEATE_TRY(const std::vector<double> gains, gainsOf(found, pool));
        const std::vector<int> levels = levelsOf(gains, pool.options.ordinal);
        const Lesson lesson = lessonOf(found, levels, pool);
        const int count = int(levels.size());
        rankByLevel(fitForest(lesson.values, pool.latentCount, lesson.labels, count, forestOptions(pool)), count, pool,
                    result.items);
        result.notes["levels"] = levels;
        result.notes["gains"] = gains;
    } else {
        askForRepresentatives(found, pool, result.items);
    }
    for (const LatentCluster& cluster : found.clusters)
        result.notes["representatives"].push_back(
            {{"id", cluster.representative}, {"labelled", cluster.labelled}, {"members", cluster.members}});
    result.items = ranking(std::move(result.items));
    return result;
}

} // namespace

const Strategy kDeepSaliency{"deep-saliency", kNeedsMeasures | kNeedsLatents | kNeedsOneClass, &kThumbnailMeasure,
                             rankDeepSaliency};

} // namespace foveate::query
