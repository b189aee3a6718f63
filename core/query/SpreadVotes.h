// SPDX-License-Identifier: GPL-3.0-or-later
// SpreadVotes: which labels a point gets when different few labelled ones are spread (P1, Algorithm 1; methods.md
// §4.6).
#pragma once

#include "embed/Points.h"
#include "query/Options.h"

#include <cstdint>
#include <vector>

namespace foveate::query {

/// The ways of P1: runs, seeds per class in each, α.
struct SpreadPlan {
    int runs = 10;
    int seedsPerClass = 5;
    double alpha = .01;
};
SpreadPlan spreadPlan(const Options& options);

/// The labelled that seeds are drawn from: at most 80, every class in turn, in a seeded order.
std::vector<std::size_t> seedRows(std::span<const int> classes, int count, std::uint64_t seed);

struct SpreadVotes {
    int classes = 0;
    int runs = 0;
    std::vector<int> counts; ///< [points, classes]; runs that did not reach a point are missing
    bool sparse = false;     ///< on the graph of the nearest neighbours
    std::span<const int> of(std::size_t point) const
    {
        return std::span(counts).subspan(point * std::size_t(classes), std::size_t(classes));
    }
};

/// Points: X_S, then the labelled; classOf [points] is read for the labelled only, from row `unlabelled` on. Each run
/// draws `seedsPerClass` labelled of each class (all, when there are fewer). Result: votes of the first `unlabelled`,
/// for `repeats` independent repeats of the plan. needsLabels without a labelled row; errors of spreadLabels().
Result<std::vector<SpreadVotes>> spreadVotes(embed::Points points, std::span<const int> classOf, std::size_t unlabelled,
                                             int classes, const SpreadPlan& plan, int repeats, bool converge,
                                             std::uint64_t seed, int threads);

/// What a threshold keeps: disagreement ≥ t of the runs, t = 1 … runs, by modal class; mean and deviation over repeats.
struct ThresholdTable {
    int runs = 0;
    std::vector<std::vector<double>> mean, deviation; ///< [runs][classes]; deviation 0 for one repeat
};
ThresholdTable thresholdTable(const std::vector<SpreadVotes>& repeats);

} // namespace foveate::query
