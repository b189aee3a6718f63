// SPDX-License-Identifier: GPL-3.0-or-later
// `label-spread` (P1, Algorithm 1; methods.md §4.6): of the samples between clusters, those that get different labels
// from different few seeds. First the kept ones by the entropy of their votes, then the others of X_S, then the rest of
// the pool by how near it lies to the periphery.
#include "query/SpreadVotes.h"
#include "query/strategies/Periphery.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace foveate::query {
namespace {

constexpr int kTableRuns = 10; ///< of P1's Table I

/// X_S and the labelled, as rows of the plane.
struct Field {
    std::vector<std::size_t> rows; ///< X_S, then the labelled
    std::size_t uncertain = 0;     ///< size of X_S
    std::vector<float> values;
    std::vector<int> classOf; ///< of the labelled; 0 elsewhere
    std::size_t dimensions = 0;
};

Field fieldOf(const Plane& plane, const Between& found, const Pool& pool)
{
    Field field;
    field.dimensions = plane.rows.dimensions;
    const std::size_t n = pool.ids.size();
    for (std::size_t i = 0; i < plane.rows.size(); ++i)
        if (plane.rows.places[i] < n && found.kept[i])
            field.rows.push_back(i);
    field.uncertain = field.rows.size();
    field.classOf.assign(field.uncertain, 0);
    std::vector<int> classes;
    std::vector<std::size_t> labelled;
    for (std::size_t i = 0; i < plane.rows.size(); ++i)
        if (plane.rows.places[i] >= n) {
            labelled.push_back(i);
            classes.push_back(pool.labelled.classes[plane.rows.places[i] - n]);
        }
    for (const std::size_t k : seedRows(classes, int(pool.classes), pool.seed)) {
        field.rows.push_back(labelled[k]);
        field.classOf.push_back(classes[k]);
    }
    for (const std::size_t row : field.rows) {
        const float* const at = plane.rows.points().row(row);
        field.values.insert(field.values.end(), at, at + field.dimensions);
    }
    return field;
}

double voteEntropy(std::span<const int> votes)
{
    const double sum = std::accumulate(votes.begin(), votes.end(), 0.0);
    double entropy = 0;
    for (const int count : votes)
        if (count > 0)
            entropy -= double(count) / sum * std::log(double(count) / sum);
    return entropy / std::log(std::max<double>(2, double(votes.size())));
}

bool isKept(std::span<const int> votes, int runs, const Options& options)
{
    const int modal = *std::max_element(votes.begin(), votes.end());
    switch (options.spreadRule) {
    case SpreadRule::half: return 2 * modal <= runs;
    case SpreadRule::p1Code: return 2 * modal < runs;
    case SpreadRule::unique: break;
    }
    return std::count_if(votes.begin(), votes.end(), [](int count) { return count > 0; }) >= options.unique;
}

void judge(Ranked& item, std::span<const int> votes, int runs, const Options& options)
{
    const auto modal = std::max_element(votes.begin(), votes.end());
    if (*modal == 0) {
        item.score = 2;
        item.reason = {ReasonCode::unreached, {}};
        return;
    }
    const bool kept = isKept(votes, runs, options);
    const double share = double(*modal) / double(runs);
    item.score = kept ? 4 + voteEntropy(votes) : 3 - share;
    item.reason = {ReasonCode::spread, {double(modal - votes.begin()), share, kept ? 1.0 : 0.0}};
}

/// Classes with fewer labels than a run draws.
nlohmann::json fewLabels(const Pool& pool, int seeds)
{
    std::vector<int> counts(pool.classes, 0);
    for (const int c : pool.labelled.classes)
        ++counts[std::size_t(c)];
    nlohmann::json few = nlohmann::json::object();
    for (std::size_t c = 0; c < counts.size(); ++c)
        if (counts[c] < seeds)
            few[std::to_string(c)] = counts[c];
    return few;
}

nlohmann::json toJson(const ThresholdTable& table)
{
    return {{"runs", table.runs}, {"mean", table.mean}, {"deviation", table.deviation}};
}

Result<Ranking> rankLabelSpread(const Pool& pool, const Variant&)
{
    const std::set<int> labelled(pool.labelled.classes.begin(), pool.labelled.classes.end());
    if (labelled.size() < 2)
        return labelled.empty() ? fail(Code::needsLabels, {"0", "2", "label"}) : fail(Code::needsClasses, {"1"});
    Ranking result;
    result.items = unjudged(pool);
    if (finiteRows(pool.features, pool.dimensions).size() > 0) {
        FOVEATE_TRY(const Plane plane, planeOf(pool));
        FOVEATE_TRY(const Between found, between(plane, pool));
        for (std::size_t i = 0; i < plane.rows.size(); ++i)
            if (plane.rows.places[i] < result.items.size()) {
                Ranked& item = result.items[plane.rows.places[i]];
                item.score = std::clamp(found.score[i], 0.0, 1.0);
                item.reason = found.reasons[i];
            }
        const Field field = fieldOf(plane, found, pool);
        const SpreadPlan plan = spreadPlan(pool.options);
        FOVEATE_TRY(const auto votes,
                    spreadVotes({field.values, field.dimensions}, field.classOf, field.uncertain, int(pool.classes),
                                plan, 1, pool.options.converge, pool.seed, pool.threads));
        for (std::size_t i = 0; i < field.uncertain; ++i)
            judge(result.items[plane.rows.places[field.rows[i]]], votes[0].of(i), plan.runs, pool.options);
        if (found.widened)
            result.notes["band"] = found.limit;
        if (votes[0].sparse)
            result.notes["sparse"] = true;
        if (pool.options.repeat > 0) {
            FOVEATE_TRY(const auto repeats,
                        spreadVotes({field.values, field.dimensions}, field.classOf, field.uncertain, int(pool.classes),
                                    {kTableRuns, plan.seedsPerClass, plan.alpha}, pool.options.repeat,
                                    pool.options.converge, pool.seed, pool.threads));
            result.notes["table"] = toJson(thresholdTable(repeats));
        }
        if (nlohmann::json few = fewLabels(pool, plan.seedsPerClass); !few.empty())
            result.notes["few_labels"] = std::move(few);
    }
    result.items = ranking(std::move(result.items));
    return result;
}

} // namespace

const Strategy kLabelSpread{"label-spread", kNeedsFeatures | kNeedsLabels | kNeedsOneClass, nullptr, rankLabelSpread};

} // namespace foveate::query
