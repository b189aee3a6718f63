// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/SpreadVotes.h"

#include "base/Random.h"
#include "embed/LabelSpreading.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace foveate::query {
namespace {

constexpr std::size_t kMostLabelled = 80; ///< P1

/// Rows of each class in a seeded order.
std::vector<std::vector<std::size_t>> shuffledByClass(std::span<const int> classes, int count, Random random)
{
    std::vector<std::vector<std::size_t>> rows{std::size_t(count)};
    for (std::size_t i = 0; i < classes.size(); ++i)
        rows[std::size_t(classes[i])].push_back(i);
    for (auto& list : rows)
        random.shuffle(list);
    return rows;
}

std::vector<std::int64_t> drawRun(std::span<const int> labelled, std::size_t offset, int classes, int each,
                                  Random random)
{
    std::vector<std::int64_t> run;
    for (const auto& list : shuffledByClass(labelled, classes, random))
        for (std::size_t i = 0; i < std::min(list.size(), std::size_t(each)); ++i)
            run.push_back(std::int64_t(offset + list[i]));
    return run;
}

} // namespace

SpreadPlan spreadPlan(const Options& options)
{
    switch (options.spreadRule) {
    case SpreadRule::half: return {options.spreadRuns, 5, .01};
    case SpreadRule::p1Code: return {20, 1, .1};
    case SpreadRule::unique: break;
    }
    return {10, 5, .01};
}

std::vector<std::size_t> seedRows(std::span<const int> classes, int count, std::uint64_t seed)
{
    const auto byClass = shuffledByClass(classes, count, Random::derive(seed, "labelled of label-spread"));
    std::vector<std::size_t> rows;
    for (std::size_t turn = 0; turn < classes.size() && rows.size() < kMostLabelled; ++turn)
        for (const auto& list : byClass)
            if (turn < list.size() && rows.size() < kMostLabelled)
                rows.push_back(list[turn]);
    std::sort(rows.begin(), rows.end());
    return rows;
}

Result<std::vector<SpreadVotes>> spreadVotes(embed::Points points, std::span<const int> classOf, std::size_t unlabelled,
                                             int classes, const SpreadPlan& plan, int repeats, bool converge,
                                             std::uint64_t seed, int threads)
{
    if (unlabelled >= points.rows())
        return fail(Code::needsLabels, {"0", "1", "label"});
    std::vector<std::vector<std::int64_t>> runs;
    for (int run = 0; run < plan.runs * repeats; ++run)
        runs.push_back(drawRun(classOf.subspan(unlabelled), unlabelled, classes, plan.seedsPerClass,
                               Random::derive(seed, "seeds of label-spread", std::uint64_t(run))));
    embed::SpreadingOptions options;
    options.alpha = plan.alpha;
    options.converge = converge;
    options.seed = seed;
    options.threads = threads;
    FOVEATE_TRY(const embed::Spread spread, embed::spreadLabels(points, classOf, classes, runs, options));
    std::vector<SpreadVotes> all(
        std::size_t(repeats),
        {classes, plan.runs, std::vector<int>(unlabelled * std::size_t(classes), 0), spread.sparse});
    for (std::size_t i = 0; i < unlabelled; ++i) {
        const auto labels = spread.labelsOf(i);
        for (std::size_t run = 0; run < labels.size(); ++run)
            if (labels[run] != embed::kUnreached)
                ++all[run / std::size_t(plan.runs)].counts[i * std::size_t(classes) + std::size_t(labels[run])];
    }
    return all;
}

ThresholdTable thresholdTable(const std::vector<SpreadVotes>& repeats)
{
    ThresholdTable table;
    if (repeats.empty())
        return table;
    table.runs = repeats[0].runs;
    const auto classes = std::size_t(repeats[0].classes), runs = std::size_t(table.runs);
    table.mean.assign(runs, std::vector<double>(classes, 0));
    table.deviation = table.mean;
    for (const SpreadVotes& votes : repeats) {
        std::vector<std::vector<double>> kept(runs, std::vector<double>(classes, 0));
        for (std::size_t i = 0; i * classes < votes.counts.size(); ++i) {
            const auto counts = votes.of(i);
            const auto modal = std::max_element(counts.begin(), counts.end());
            for (std::size_t t = 1; *modal > 0 && t <= runs && *modal + int(t) <= votes.runs; ++t)
                ++kept[t - 1][std::size_t(modal - counts.begin())];
        }
        for (std::size_t t = 0; t < runs; ++t)
            for (std::size_t c = 0; c < classes; ++c) {
                table.mean[t][c] += kept[t][c];
                table.deviation[t][c] += kept[t][c] * kept[t][c];
            }
    }
    const double n = double(repeats.size());
    for (std::size_t t = 0; t < runs; ++t)
        for (std::size_t c = 0; c < classes; ++c) {
            const double mean = table.mean[t][c] / n, square = table.deviation[t][c] / n;
            table.mean[t][c] = mean;
            table.deviation[t][c] = n > 1 ? std::sqrt(std::max(0.0, (square - mean * mean) * n / (n - 1))) : 0;
        }
    return table;
}

} // namespace foveate::query
