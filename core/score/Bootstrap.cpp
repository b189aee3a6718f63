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

Interval interval(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return {percentile(values, 0.025), percentile(values, 0.975)};
}

template <typename Figure> Interval interval(const std::vector<Metrics>& draws, const Figure& figure)
{
    std::vector<double> values;
    for (const Metrics& draw : draws)
        values.push_back(figure(draw));
    return interval(std::move(values));
}

std::optional<Interval> aucInterval(const std::vector<Metrics>& draws)
{
    std::vector<double> values;
    for (const Metrics& draw : draws)
        if (draw.auc)
            values.push_back(*draw.auc);
    return 2 * values.size() > draws.size() ? std::optional(interval(std::move(values))) : std::nullopt;
}

Intervals intervalsOf(const std::vector<Metrics>& draws)
{
    const auto of = [&](double Metrics::*figure) {
        return interval(draws, [=](const Metrics& m) { return m.*figure; });
    };
    Intervals out;
    out.accuracy = of(&Metrics::accuracy);
    out.balancedAccuracy = of(&Metrics::balancedAccuracy);
    out.precisionMacro = of(&Metrics::precisionMacro);
    out.recallMacro = of(&Metrics::recallMacro);
    out.f1Macro = of(&Metrics::f1Macro);
    out.precisionWeighted = of(&Metrics::precisionWeighted);
    out.recallWeighted = of(&Metrics::recallWeighted);
    out.f1Weighted = of(&Metrics::f1Weighted);
    out.ece = of(&Metrics::ece);
    out.auc = aucInterval(draws);
    for (std::size_t c = 0; c < draws.front().perClass.size(); ++c)
        out.f1.push_back(interval(draws, [c](const Metrics& m) { return m.perClass[c].f1; }));
    return out;
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
    std::vector<Metrics> drawn;
    for (int i = 0; i < draws; ++i) {
        draw(random, patients, weights);
        drawn.push_back(weighted.evaluate(weights));
    }
    return std::optional(intervalsOf(drawn));
}

} // namespace foveate::score
