// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Growth.h"

#include "base/Random.h"
#include "embed/LabelSpreading.h"
#include "embed/Pca.h"
#include "embed/Trustworthiness.h"

#include <cmath>
#include <sys/resource.h>

namespace foveate::engine::bench {
namespace {

constexpr int kClasses = 4;
constexpr int kRuns = 10;
constexpr int kLabelled = 20; ///< of each class
constexpr int kDrawn = 5;     ///< of each class in a run

double peakGigabytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) * 1024 / 1e9;
}

std::vector<std::vector<std::int64_t>> drawRuns(const std::vector<int>& truth, std::uint64_t seed)
{
    std::vector<std::vector<std::int64_t>> labelled(kClasses);
    for (std::size_t i = 0; i < truth.size(); ++i)
        if (auto& own = labelled[std::size_t(truth[i])]; own.size() < kLabelled)
            own.push_back(std::int64_t(i));
    std::vector<std::vector<std::int64_t>> runs(kRuns);
    Random random = Random::derive(seed, "runs");
    for (auto& run : runs)
        for (auto& own : labelled) {
            random.shuffle(own);
            run.insert(run.end(), own.begin(),
                       own.begin() + std::min<std::ptrdiff_t>(kDrawn, std::ptrdiff_t(own.size())));
        }
    return runs;
}

double agreement(const embed::Spread& spread, const std::vector<int>& truth)
{
    std::size_t same = 0;
    for (std::size_t i = 0; i < truth.size(); ++i)
        for (const std::int16_t label : spread.labelsOf(i))
            same += std::size_t(label == truth[i]);
    return double(same) / double(spread.labels.size());
}

/// On whitened components, as the strategy does.
Result<nlohmann::json> spreadOnce(const Input& input, std::size_t size, double& seconds)
{
    constexpr std::size_t kDimensions = 16;
    const MadePoints made = makeClusters(size, kDimensions, kClasses, 1.2, input.seed);
    const embed::Points raw{made.values, kDimensions};
    FOVEATE_TRY(const embed::Pca pca, embed::fitPca(raw, kDimensions, input.threads));
    FOVEATE_TRY(const std::vector<float> whitened, embed::scores(pca, raw, embed::Scores::whitened, input.threads));
    const auto runs = drawRuns(made.truth, input.seed);
    Result<embed::Spread> spread;
    seconds = timed(1, [&] {
        spread = embed::spreadLabels({whitened, kDimensions}, made.truth, kClasses, runs,
                                     {.seed = input.seed, .threads = input.threads});
    })[0];
    if (!spread)
        return tl::unexpected(spread.error());
    return nlohmann::json{
        {"accuracy", agreement(*spread, made.truth)}, {"sparse", spread->sparse}, {"recall", spread->recall}};
}

Result<nlohmann::json> umapOnce(const Input& input, std::size_t size, double& seconds)
{
    constexpr std::size_t kDimensions = 128;
    const MadePoints made = makeClusters(size, kDimensions, 10, .7, input.seed);
    const embed::Points points{made.values, kDimensions};
    Result<std::vector<float>> layout;
    seconds = timed(1, [&] { layout = umapLayout(points, input); })[0];
    if (!layout)
        return tl::unexpected(layout.error());
    FOVEATE_TRY(const double trust, embed::trustworthiness(points, {*layout, 2}, 15, 3000, input.seed, input.threads));
    return nlohmann::json{{"trustworthiness", trust}};
}

} // namespace

MadePoints makeClusters(std::size_t count, std::size_t dimensions, int clusters, double spread, std::uint64_t seed)
{
    Random random = Random::derive(seed, "clusters");
    std::vector<double> centres(std::size_t(clusters) * dimensions), scales(centres.size());
    for (std::size_t i = 0; i < centres.size(); ++i) {
        centres[i] = spread * random.normal();
        scales[i] = random.uniform(.5, 1.5);
    }
    MadePoints made;
    made.values.reserve(count * dimensions);
    for (std::size_t i = 0; i < count; ++i) {
        const auto own = std::size_t(random.below(std::uint64_t(clusters)));
        made.truth.push_back(int(own));
        for (std::size_t d = 0; d < dimensions; ++d)
            made.values.push_back(
                float(centres[own * dimensions + d] + scales[own * dimensions + d] * random.normal()));
    }
    return made;
}

Result<Outcome> grow(const std::vector<std::size_t>& sizes,
                     const std::function<Result<nlohmann::json>(std::size_t size, double& seconds)>& step)
{
    Outcome outcome;
    outcome.quality = {{"sizes", sizes}};
    double total = 0;
    std::vector<double> each;
    for (const std::size_t size : sizes) {
        each.push_back(0);
        FOVEATE_TRY(const nlohmann::json figures, step(size, each.back()));
        for (const auto& item : figures.items())
            outcome.quality[item.key()].push_back(item.value());
        outcome.quality["seconds"].push_back(each.back());
        outcome.quality["peak_gb"].push_back(peakGigabytes());
        outcome.items += size;
        total += each.back();
    }
    outcome.quality["exponent"] =
        std::log(each.back() / each.front()) / std::log(double(sizes.back()) / double(sizes.front()));
    outcome.seconds = {total};
    return outcome;
}

Result<Outcome> growthSpreading(const Input& input)
{
    return grow({10'000, 100'000, 1'000'000},
                [&](std::size_t size, double& seconds) { return spreadOnce(input, size, seconds); });
}

Result<Outcome> growthUmap(const Input& input)
{
    return grow({10'000, 30'000, 100'000},
                [&](std::size_t size, double& seconds) { return umapOnce(input, size, seconds); });
}

} // namespace foveate::engine::bench
