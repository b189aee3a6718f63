// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Growth.h"
#include "app/engine/bench/Workload.h"

#include "base/Parallel.h"
#include "query/CoreSet.h"
#include "query/SpreadVotes.h"
#include "query/radiomics/FirstOrder.h"
#include "query/radiomics/Glcm.h"
#include "query/radiomics/Shape2d.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace foveate::engine::bench {
namespace {

namespace radiomics = query::radiomics;
constexpr std::size_t kFeatures =
    radiomics::kFirstOrderNames.size() + radiomics::kGlcmNames.size() + radiomics::kShapeNames.size();

/// 1,000 picks of 10,000 x 512 after the first 1,000 rows.
Result<Outcome> kcenter(const Input& input)
{
    constexpr std::size_t kChosen = 1000, kPicks = 1000;
    FOVEATE_TRY(const Array<float> features, load<float>(input, "pool_features"));
    const std::span<const float> all(features.data);
    const std::size_t width = features.columns();
    if (features.rows() <= kChosen)
        return fail(Code::wrongShape, {"pool_features", std::to_string(features.rows()), std::to_string(kChosen + 1)});
    const embed::Points start{all.first(kChosen * width), width}, pool{all.subspan(kChosen * width), width};
    query::Centres centres;
    Outcome outcome;
    outcome.items = kPicks;
    outcome.seconds = timed(input.repeat, [&] { centres = query::farthestPoints(pool, start, kPicks, input.threads); });
    std::vector<std::int64_t> rows;
    for (const std::size_t row : centres.rows)
        rows.push_back(std::int64_t(kChosen + row));
    FOVEATE_CHECK(save<std::int64_t>(input, "kcenter", {rows.size()}, rows));
    return outcome;
}

/// In the order of pyradiomics' names: first-order, GLCM, shape of what lies above one half.
void allFeatures(const radiomics::Map& map, double* out)
{
    const radiomics::Levels levels = radiomics::levels(map);
    radiomics::Mask hot{std::vector<std::uint8_t>(map.values.size()), map.width};
    std::transform(map.values.begin(), map.values.end(), hot.on.begin(), [](float v) { return std::uint8_t(v > .5F); });
    out = std::ranges::copy(radiomics::firstOrder(map, levels), out).out;
    out = std::ranges::copy(radiomics::glcm(levels), out).out;
    std::ranges::copy(radiomics::shape2d(hot), out);
}

Result<Outcome> radiomicsFeatures(const Input& input)
{
    constexpr std::size_t kMaps = 50;
    FOVEATE_TRY(const Array<float> maps, load<float>(input, "saliency_f32"));
    if (maps.shape.size() != 3 || maps.rows() < kMaps)
        return fail(Code::wrongShape, {"saliency_f32", std::to_string(maps.rows()), std::to_string(kMaps)});
    const std::size_t width = maps.shape[2], pixels = maps.shape[1] * width;
    std::vector<double> features(kMaps * kFeatures);
    Outcome outcome;
    outcome.items = kMaps;
    outcome.dtype = "float64";
    outcome.seconds = timed(input.repeat, [&] {
        parallelBlocks(kMaps, input.threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                allFeatures({std::span(maps.data).subspan(i * pixels, pixels), width}, features.data() + i * kFeatures);
        });
    });
    FOVEATE_CHECK(save<double>(input, "radiomics", {kMaps, kFeatures}, features));
    return outcome;
}

/// 500 picks of 10⁴, 10⁵ and 10⁶ x 128 without a start.
Result<Outcome> growthCoreset(const Input& input)
{
    constexpr std::size_t kWidth = 128, kPicks = 500;
    return grow({10'000, 100'000, 1'000'000}, [&](std::size_t size, double& seconds) -> Result<nlohmann::json> {
        const MadePoints made = makeClusters(size, kWidth, 10, .7, input.seed);
        query::Centres centres;
        seconds = timed(1, [&] {
            centres = query::farthestPoints({made.values, kWidth}, {}, kPicks, input.threads);
        })[0];
        return nlohmann::json{{"radius", *std::max_element(centres.remaining.begin(), centres.remaining.end())}};
    });
}

/// Columns to mean 0 and deviation 1.
void standardise(std::vector<float>& values, std::size_t width)
{
    const std::size_t rows = values.size() / width;
    const auto n = double(rows);
    for (std::size_t k = 0; k < width; ++k) {
        double mean = 0, square = 0;
        for (std::size_t i = k; i < values.size(); i += width) {
            mean += double(values[i]) / n;
            square += double(values[i]) * double(values[i]) / n;
        }
        const double deviation = std::sqrt(square - mean * mean);
        for (std::size_t i = k; i < values.size(); i += width)
            values[i] = float((double(values[i]) - mean) / deviation);
    }
}

/// P1's Table I on 5,000 points: what every threshold of disagreement keeps, 20 repeats of 10 runs from 80 labels.
Result<Outcome> labelSpreadTable(const Input& input)
{
    constexpr int kRepeats = 20;
    FOVEATE_TRY(Array<float> points, load<float>(input, "periphery"));
    FOVEATE_TRY(const Array<std::int64_t> labels, load<std::int64_t>(input, "periphery_labels"));
    const std::size_t width = points.columns();
    if (labels.rows() != points.rows() || points.rows() == 0)
        return fail(Code::wrongShape,
                    {"periphery_labels", std::to_string(labels.rows()), std::to_string(points.rows())});
    standardise(points.data, width);
    const std::vector<int> known(labels.data.begin(), labels.data.end());
    const int classes = *std::max_element(known.begin(), known.end()) + 1;
    const std::vector<std::size_t> seeds = query::seedRows(known, classes, input.seed);
    // The labelled stand last.
    std::vector<std::size_t> order(points.rows());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t row) { return !std::binary_search(seeds.begin(), seeds.end(), row); });
    std::vector<float> values;
    std::vector<int> classOf;
    for (const std::size_t row : order) {
        values.insert(values.end(), points.data.begin() + std::ptrdiff_t(row * width),
                      points.data.begin() + std::ptrdiff_t((row + 1) * width));
        classOf.push_back(known[row]);
    }
    Result<std::vector<query::SpreadVotes>> votes;
    Outcome outcome;
    outcome.items = kRepeats * 10;
    outcome.dtype = "float64";
    outcome.seconds = timed(input.repeat, [&] {
        votes = query::spreadVotes({values, width}, classOf, order.size() - seeds.size(), classes, {}, kRepeats, false,
                                   input.seed, input.threads);
    });
    if (!votes)
        return tl::unexpected(votes.error());
    const query::ThresholdTable table = query::thresholdTable(*votes);
    outcome.quality["mean"] = table.mean;
    outcome.quality["deviation"] = table.deviation;
    std::vector<double> mean;
    for (const auto& row : table.mean)
        mean.insert(mean.end(), row.begin(), row.end());
    FOVEATE_CHECK(save<double>(input, "label_spread_table", {std::size_t(table.runs), std::size_t(classes)}, mean));
    return outcome;
}

constexpr std::array kWorkloads{
    Workload{"kcenter", "k-center greedy: 1,000 of 10,000 x 512", &kcenter},
    Workload{"radiomics", "53 features of 50 maps", &radiomicsFeatures},
    Workload{"growth_coreset", "k-center greedy: 500 of 10^4, 10^5, 10^6 x 128", &growthCoreset},
    Workload{"label_spread_table", "what each threshold of label-spread keeps, 20 x 10 runs", &labelSpreadTable},
};

} // namespace

std::span<const Workload> queryWorkloads()
{
    return kWorkloads;
}

} // namespace foveate::engine::bench
