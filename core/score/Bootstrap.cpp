// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Bootstrap.h"

#include "base/Random.h"
#include "score/Weighted.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace foveate::score {
namespace {

/// The images of each patient, patients in rising order of their number.
std::vector<std::vector<std::size_t>> groups(const Predictions& predictions)
{
    std::map<std::int64_t, std::vector<std::size_t>> byPatient;
    for (std::size_t i = 0; i < predictions.truth.size(); ++i)
        byPatient[predictions.patients.empty() ? std::int64_t(i) : predictions.patients[i]].push_back(i);
    std::vector<std::vector<std::size_t>> out;
    for (auto& [patient, images] : byPatient)
        out.push_back(std::move(images));
    return out;
}

void draw(Random& random, const std::vector<std::vector<std::size_t>>& patients, std::vector<int>& weights)
{
    std::fill(weights.begin(), weights.end(), 0);
    for (std::size_t i = 0; i < patients.size(); ++i)
        for (const std::size_t image : patients[random.below(patients.size())])
            ++weights[image];
}

double percentile(const std::vector<double>& sorted, double share)
{
    const double at = share * double(sorted.size() - 1);
    const std::size_t below = std::size_t(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], at - double(below));
}

Interval interval(std::vector<double>& values)
{
    std::sort(values.begin(), values.end());
    return {percentile(values, 0.025), percentile(values, 0.975)};
}

} // namespace

Result<std::optional<Intervals>> bootstrap(const Predictions& predictions, std::uint64_t seed, int draws)
{
    FOVEATE_CHECK(check(predictions));
    const auto patients = groups(predictions);
    if (patients.size() < 2)
        return std::optional<Intervals>();
    const Weighted weighted(predictions);
    Random random = Random::derive(seed, "bootstrap");
    std::vector<int> weights(predictions.truth.size());
    std::vector<double> accuracy, balanced, macro, weightedF1, auc;
    for (int i = 0; i < draws; ++i) {
        draw(random, patients, weights);
        const Metrics m = weighted.evaluate(weights);
        accuracy.push_back(m.accuracy);
        balanced.push_back(m.balancedAccuracy);
        macro.push_back(m.f1Macro);
        weightedF1.push_back(m.f1Weighted);
        if (m.auc)
            auc.push_back(*m.auc);
    }
    Intervals out{interval(accuracy), interval(balanced), interval(macro), interval(weightedF1), {}};
    if (2 * auc.size() > std::size_t(draws))
        out.auc = interval(auc);
    return std::optional(out);
}

} // namespace foveate::score
