// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Workload.h"

#include "app/engine/bench/Growth.h"
#include "embed/KMeans.h"
#include "embed/LabelSpreading.h"
#include "embed/Layout.h"
#include "embed/Neighbours.h"
#include "embed/Pca.h"
#include "embed/Silhouette.h"
#include "embed/Trustworthiness.h"
#include "embed/Tsne.h"
#include "embed/Umap.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace foveate::engine::bench {
namespace {

using embed::Points;

struct Features {
    Array<float> array;
    Points points() const { return {array.data, array.columns()}; }
};

Result<Features> loadFeatures(const Input& input, const char* name)
{
    FOVEATE_TRY(Array<float> array, load<float>(input, name));
    return Features{std::move(array)};
}

Result<std::vector<int>> loadLabels(const Input& input, const char* name)
{
    FOVEATE_TRY(const Array<std::int64_t> labels, load<std::int64_t>(input, name));
    return std::vector<int>(labels.data.begin(), labels.data.end());
}

/// The first rows: enough to load the code and to start the threads.
Points few(Points points)
{
    return {points.values.first(std::min<std::size_t>(points.rows(), 600) * points.dimensions), points.dimensions};
}

/// Times `work` (a Result each time) after a call on few points; keeps the last result.
template <typename Work> auto measured(const Input& input, Points points, Outcome& outcome, const Work& work)
{
    outcome.items = points.rows();
    auto result = work(few(points));
    outcome.seconds = timed(input.repeat, [&] { result = work(points); });
    return result;
}

/// The 15 nearest of 20,000 points among themselves and the point itself, exactly.
Result<Outcome> neighbours(const Input& input)
{
    FOVEATE_TRY(const Features features, loadFeatures(input, "embed_features"));
    Outcome outcome;
    FOVEATE_TRY(const embed::NeighbourTable table, measured(input, features.points(), outcome, [&](Points points) {
                    return embed::nearest(points, points, 16, input.threads);
                }));
    FOVEATE_CHECK(save<std::int64_t>(input, "neighbours", {outcome.items, table.k}, table.rows));
    return outcome;
}

Result<Outcome> pca8(const Input& input)
{
    FOVEATE_TRY(const Features features, loadFeatures(input, "oct_features"));
    Outcome outcome;
    FOVEATE_TRY(const std::vector<float> scores,
                measured(input, features.points(), outcome, [&](Points points) -> Result<std::vector<float>> {
                    FOVEATE_TRY(const embed::Pca pca, embed::fitPca(points, 8, input.threads));
                    outcome.quality["explained"] = pca.explained();
                    return embed::scores(pca, points, embed::Scores::plain, input.threads);
                }));
    FOVEATE_CHECK(save<float>(input, "pca8", {outcome.items, 8}, scores));
    return outcome;
}

Result<Outcome> kmeans4(const Input& input)
{
    FOVEATE_TRY(const Features features, loadFeatures(input, "oct_pca8"));
    Outcome outcome;
    FOVEATE_TRY(const embed::KMeans found, measured(input, features.points(), outcome, [&](Points points) {
                    return embed::kMeans(points,
                                         {.clusters = 4, .restarts = 10, .seed = input.seed, .threads = input.threads});
                }));
    outcome.quality["inertia"] = found.inertia;
    FOVEATE_CHECK(save<float>(input, "kmeans4", {4, found.dimensions}, found.centres));
    return outcome;
}

/// Each column about its mean, by its standard deviation (n).
std::vector<float> standardised(Points points)
{
    std::vector<float> out(points.values.begin(), points.values.end());
    const std::size_t n = points.rows(), d = points.dimensions;
    for (std::size_t c = 0; c < d; ++c) {
        double sum = 0, squares = 0;
        for (std::size_t i = 0; i < n; ++i)
            sum += double(points.row(i)[c]);
        for (std::size_t i = 0; i < n; ++i)
            squares += std::pow(double(points.row(i)[c]) - sum / double(n), 2);
        for (std::size_t i = 0; i < n; ++i)
            out[i * d + c] = float((double(points.row(i)[c]) - sum / double(n)) / std::sqrt(squares / double(n)));
    }
    return out;
}

/// An unreached row counts as class 0, as scikit-learn's argmax of nothing does.
std::vector<std::int64_t> labelsOf(const embed::Spread& spread)
{
    std::vector<std::int64_t> labels;
    for (const std::int16_t label : spread.labels)
        labels.push_back(std::max<std::int64_t>(0, label));
    return labels;
}

Result<Outcome> labelSpreading(const Input& input)
{
    FOVEATE_TRY(const Features features, loadFeatures(input, "periphery"));
    FOVEATE_TRY(const std::vector<int> labels, loadLabels(input, "periphery_labels"));
    FOVEATE_TRY(const Array<std::int64_t> seeds, load<std::int64_t>(input, "label_spreading_seeds"));
    std::vector<std::vector<std::int64_t>> runs(seeds.rows());
    for (std::size_t r = 0; r < runs.size(); ++r)
        runs[r].assign(seeds.data.begin() + std::ptrdiff_t(r * seeds.columns()),
                       seeds.data.begin() + std::ptrdiff_t((r + 1) * seeds.columns()));
    const std::vector<float> columns = standardised(features.points());
    const Points points{columns, features.array.columns()};
    const auto spread = [&] { return embed::spreadLabels(points, labels, 4, runs, {.threads = input.threads}); };
    Outcome outcome;
    outcome.dtype = "float64";
    outcome.items = points.rows() * runs.size();
    auto result = spread();
    outcome.seconds = timed(input.repeat, [&] { result = spread(); });
    FOVEATE_TRY(const embed::Spread found, std::move(result));
    outcome.quality["updates"] = *std::max_element(found.updates.begin(), found.updates.end());
    FOVEATE_CHECK(save<std::int64_t>(input, "label_spreading", {points.rows(), runs.size()}, labelsOf(found)));
    return outcome;
}

Result<Outcome> silhouette(const Input& input)
{
    FOVEATE_TRY(const Features features, loadFeatures(input, "periphery"));
    FOVEATE_TRY(const std::vector<int> labels, loadLabels(input, "periphery_labels"));
    Outcome outcome;
    FOVEATE_TRY(const std::vector<double> widths, measured(input, features.points(), outcome, [&](Points points) {
                    return embed::silhouette(points, std::span(labels).first(points.rows()), input.threads);
                }));
    FOVEATE_CHECK(save<double>(input, "silhouette", {widths.size()}, widths));
    return outcome;
}

Result<std::vector<float>> tsneLayout(Points points, const Input& input)
{
    const embed::TsneOptions options{.threads = input.threads};
    const std::size_t k = embed::Tsne::neighbours(options.perplexity);
    FOVEATE_TRY(const embed::NeighbourGraph graph,
                embed::neighbourGraph(points, {.k = k, .seed = input.seed, .threads = input.threads}));
    FOVEATE_TRY(std::vector<float> start, embed::pcaStart(points, embed::kTsneStart, input.seed, input.threads));
    FOVEATE_TRY(embed::Tsne tsne, embed::Tsne::create(graph, std::move(start), options));
    tsne.run(tsne.iterations());
    return std::vector<float>(tsne.layout().begin(), tsne.layout().end());
}

Result<Outcome> layout(const Input& input, const char* name, Result<std::vector<float>> (*make)(Points, const Input&))
{
    FOVEATE_TRY(const Features features, loadFeatures(input, "embed_features"));
    Outcome outcome;
    FOVEATE_TRY(const std::vector<float> places,
                measured(input, features.points(), outcome, [&](Points points) { return make(points, input); }));
    FOVEATE_TRY(outcome.quality["trustworthiness"],
                embed::trustworthiness(features.points(), {places, 2}, 15, 3000, input.seed, input.threads));
    FOVEATE_CHECK(save<float>(input, name, {outcome.items, 2}, places));
    return outcome;
}

Result<Outcome> umap2(const Input& input)
{
    return layout(input, "umap2", &umapLayout);
}

Result<Outcome> tsne2(const Input& input)
{
    return layout(input, "tsne2", &tsneLayout);
}

constexpr std::array kWorkloads{
    Workload{"neighbours", "15 exact nearest neighbours of 20,000 x 128", &neighbours},
    Workload{"pca8", "8 principal components of 83,484 x 512", &pca8},
    Workload{"kmeans4", "k-means of 83,484 x 8, 4 clusters, 10 restarts", &kmeans4},
    Workload{"label_spreading", "10 runs of label spreading over 5,000 points", &labelSpreading},
    Workload{"silhouette", "silhouette of 5,000 x 8, 4 clusters", &silhouette},
    Workload{"umap2", "UMAP of 20,000 x 128 to 2", &umap2},
    Workload{"tsne2", "t-SNE of 20,000 x 128 to 2", &tsne2},
    Workload{"growth_spreading", "label spreading at 10^4, 10^5, 10^6 x 16", &growthSpreading},
    Workload{"growth_umap", "UMAP at 10^4, 3*10^4, 10^5 x 128", &growthUmap},
};

} // namespace

Result<std::vector<float>> umapLayout(embed::Points points, const Input& input)
{
    const embed::UmapOptions options{.seed = input.seed, .threads = input.threads};
    FOVEATE_TRY(const embed::NeighbourGraph graph,
                embed::neighbourGraph(points, {.k = options.neighbours, .seed = input.seed, .threads = input.threads}));
    FOVEATE_TRY(std::vector<float> start, embed::pcaStart(points, embed::kUmapStart, input.seed, input.threads));
    FOVEATE_TRY(embed::Umap umap, embed::Umap::create(graph, std::move(start), options));
    umap.run(umap.epochs());
    return std::vector<float>(umap.layout().begin(), umap.layout().end());
}

std::span<const Workload> embedWorkloads()
{
    return kWorkloads;
}

} // namespace foveate::engine::bench
