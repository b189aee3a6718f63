// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/EmbedJob.h"

#include "base/Npy.h"
#include "embed/KMeans.h"
#include "embed/Mapping.h"
#include "embed/Pca.h"
#include "learn/Exceptions.h"
#include "learn/Scoring.h"
#include "learn/TrainedNetwork.h"

#include <chrono>
#include <filesystem>
#include <limits>
#include <set>
#include <unordered_map>

namespace foveate::learn {
namespace {

constexpr std::size_t kComponents = 8; ///< that clusters are made of (methods.md §4.5)
constexpr int kMostClusters = 1000;

struct EmbedOptions {
    std::optional<embed::MapMethod> map;
    std::string mapName = "none";
    embed::MapOptions how;
    int clusters = 0;
};

const std::vector<std::pair<std::string, std::optional<embed::MapMethod>>>& mapMethods()
{
    static const std::vector<std::pair<std::string, std::optional<embed::MapMethod>>> s_methods{
        {"none", {}},
        {"pca", embed::MapMethod::pca},
        {"umap", embed::MapMethod::umap},
        {"tsne", embed::MapMethod::tsne}};
    return s_methods;
}

/// A number in [low, high]; usage (args: key) for anything else.
Result<double> number(const nlohmann::json& options, const char* key, double usual, double low, double high)
{
    const nlohmann::json value = options.value(key, nlohmann::json(usual));
    if (!value.is_number() || !(value.get<double>() >= low && value.get<double>() <= high))
        return fail(Code::usage, {key});
    return value.get<double>();
}

Result<EmbedOptions> readOptions(const RunContext& context)
{
    const nlohmann::json& given = context.snapshot.options;
    const std::set<std::string> known{"map",    "neighbours", "minimum_distance", "perplexity",
                                      "rounds", "hold",       "clusters",         "size"};
    for (const auto& item : given.items())
        if (known.count(item.key()) == 0)
            return fail(Code::usage, {item.key()});
    EmbedOptions options;
    const nlohmann::json name = given.value("map", nlohmann::json("none"));
    bool found = false;
    for (const auto& [method, value] : mapMethods())
        if (name == method) {
            options.map = value;
            options.mapName = method;
            found = true;
        }
    if (!found)
        return fail(Code::usage, {"map"});
    FOVEATE_TRY(const double neighbours, number(given, "neighbours", 15, 2, 1000));
    FOVEATE_TRY(options.how.minimumDistance, number(given, "minimum_distance", .1, 0, 1));
    FOVEATE_TRY(options.how.perplexity, number(given, "perplexity", 30, 2, 1000));
    FOVEATE_TRY(const double rounds, number(given, "rounds", 0, 0, 100000));
    FOVEATE_TRY(const double clusters, number(given, "clusters", 0, 0, kMostClusters));
    const nlohmann::json hold = given.value("hold", nlohmann::json(false));
    if (!hold.is_boolean())
        return fail(Code::usage, {"hold"});
    options.how.hold = hold.get<bool>();
    options.how.method = options.map.value_or(embed::MapMethod::pca);
    options.how.neighbours = std::size_t(neighbours);
    options.how.rounds = int(rounds);
    options.how.seed = context.snapshot.seed;
    options.how.threads = context.capability.threads;
    options.clusters = int(clusters);
    return options;
}

std::vector<float> valuesOf(const at::Tensor& tensor)
{
    const at::Tensor plain = tensor.to(at::kFloat).contiguous();
    return {plain.const_data_ptr<float>(), plain.const_data_ptr<float>() + plain.numel()};
}

at::Tensor tensorOf(const std::vector<float>& values)
{
    return at::from_blob(const_cast<float*>(values.data()), {std::int64_t(values.size())}, at::kFloat).clone();
}

class EmbedJob : public RunJob {
public:
    EmbedJob(RunContext context, TrainedNetwork trained, EmbedOptions options)
        : m_context(std::move(context)), m_trained(std::move(trained)), m_options(std::move(options)),
          m_scoring(m_trained.network, m_trained.batches, m_trained.rows)
    {}
    Result<Step> step() override;
    Progress progress() const override;
    Result<std::optional<Checkpoint>> checkpoint() const override;
    Status restore(const Checkpoint& checkpoint) override;
    nlohmann::json resolvedOptions() const override;
    nlohmann::json result() const override;
    bool atBoundary() const override { return false; }
    bool keepsCheckpoints() const override { return false; }

private:
    Status score();
    Status startMap();
    Result<std::vector<float>> previousMap() const;
    Result<Step> finish();
    Status writeClusters();

    RunContext m_context;
    TrainedNetwork m_trained;
    EmbedOptions m_options;
    Scoring m_scoring;
    bool m_scored = false;
    std::vector<float> m_features; ///< [N,D]
    std::optional<embed::Mapping> m_mapping;
    std::optional<embed::MapState> m_resumed;
    nlohmann::json m_clusters;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

Status EmbedJob::score()
{
    FOVEATE_TRY(const Step step, m_scoring.step());
    if (step == Step::more)
        return {};
    FOVEATE_CHECK(m_scoring.write(m_context.folder));
    m_features = valuesOf(m_scoring.features());
    m_scored = true;
    return {};
}

/// The map of the round before in this run's order of rows, NaN for new images; empty without one.
Result<std::vector<float>> EmbedJob::previousMap() const
{
    const std::string input = m_context.folder + "/input/";
    if (!std::filesystem::exists(input + "previous-map.npy"))
        return std::vector<float>();
    FOVEATE_TRY(const Array<float> map, readNpy<float>(input + "previous-map.npy"));
    FOVEATE_TRY(const Array<std::int64_t> rows, readNpy<std::int64_t>(input + "previous-rows.npy"));
    if (map.shape != std::vector<std::size_t>{rows.data.size(), 2})
        return fail(Code::wrongShape,
                    {"previous-map.npy", std::to_string(map.rows()), std::to_string(rows.data.size())});
    std::unordered_map<std::int64_t, std::size_t> places;
    for (std::size_t i = 0; i < rows.data.size(); ++i)
        places[rows.data[i]] = i;
    std::vector<float> previous(2 * m_trained.rows.size(), std::numeric_limits<float>::quiet_NaN());
    bool any = false;
    for (std::size_t i = 0; i < m_trained.rows.size(); ++i)
        if (const auto found = places.find(m_trained.rows[i]); found != places.end()) {
            std::copy_n(map.data.data() + 2 * found->second, 2, previous.data() + 2 * i);
            any = true;
        }
    return any ? previous : std::vector<float>();
}

Status EmbedJob::startMap()
{
    FOVEATE_TRY(std::vector<float> previous, previousMap());
    const std::size_t dimensions = m_features.size() / m_trained.rows.size();
    FOVEATE_TRY(m_mapping, embed::Mapping::create(m_features, dimensions, m_options.how, std::move(previous)));
    return m_resumed ? m_mapping->resume(std::move(*m_resumed)) : Status();
}

Status EmbedJob::writeClusters()
{
    const embed::Points points{m_features, m_features.size() / m_trained.rows.size()};
    FOVEATE_TRY(const embed::Pca pca, embed::fitPca(points, kComponents, m_options.how.threads));
    FOVEATE_TRY(const std::vector<float> whitened,
                embed::scores(pca, points, embed::Scores::whitened, m_options.how.threads));
    FOVEATE_TRY(
        const embed::KMeans found,
        embed::kMeans({whitened, pca.components()},
                      {.clusters = m_options.clusters, .seed = m_options.how.seed, .threads = m_options.how.threads}));
    m_clusters = {{"sizes", found.sizes}, {"inertia", found.inertia}, {"explained", pca.explained()}};
    return writeNpy<std::int64_t>(m_context.folder + "/clusters.npy", {found.labels.size()},
                                  std::vector<std::int64_t>(found.labels.begin(), found.labels.end()));
}

Result<Step> EmbedJob::finish()
{
    if (m_mapping)
        FOVEATE_CHECK(writeNpy<float>(m_context.folder + "/map.npy", {m_trained.rows.size(), 2}, m_mapping->layout()));
    if (m_options.clusters > 0)
        FOVEATE_CHECK(writeClusters());
    return Step::done;
}

Result<Step> EmbedJob::step()
{
    return guarded([this]() -> Result<Step> {
        if (!m_scored)
            FOVEATE_CHECK(score());
        else if (m_options.map && !m_mapping)
            FOVEATE_CHECK(startMap());
        else if (m_mapping && m_mapping->stage() != embed::Mapping::Stage::done)
            FOVEATE_CHECK(m_mapping->step());
        else
            return finish();
        return Step::more;
    });
}

Progress EmbedJob::progress() const
{
    Progress progress;
    progress.job = m_context.snapshot.job;
    progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    if (!m_mapping) {
        progress.stage = "scoring";
        progress.step = m_scored ? m_scoring.total() : m_scoring.done();
        progress.of = m_scoring.total();
    } else {
        progress.stage = m_mapping->stage() == embed::Mapping::Stage::neighbours ? "neighbours" : "layout";
        progress.step = std::int64_t(m_mapping->done());
        progress.of = std::int64_t(m_mapping->of());
    }
    return progress;
}

/// Only a layout is worth keeping: what comes before it takes less time than it would to read.
Result<std::optional<Checkpoint>> EmbedJob::checkpoint() const
{
    if (!m_mapping || m_mapping->stage() != embed::Mapping::Stage::layout)
        return std::nullopt;
    const embed::MapState state = m_mapping->state();
    if (state.layout.empty())
        return std::nullopt;
    Checkpoint checkpoint;
    checkpoint.step = state.round;
    checkpoint.weights = {{"layout", tensorOf(state.layout)}};
    if (!state.velocity.empty())
        checkpoint.optimiser = {{"velocity", tensorOf(state.velocity)}, {"gains", tensorOf(state.gains)}};
    checkpoint.state = {{"map", m_options.mapName}};
    return checkpoint;
}

Status EmbedJob::restore(const Checkpoint& checkpoint)
{
    if (checkpoint.state.value("map", "") != m_options.mapName || checkpoint.weights.count("layout") == 0)
        return fail(Code::corrupt, {"checkpoint", "map"});
    FOVEATE_TRY(const Array<float> features, readNpy<float>(m_context.folder + "/features.npy"));
    if (features.rows() != m_trained.rows.size())
        return fail(Code::wrongShape,
                    {"features.npy", std::to_string(features.rows()), std::to_string(m_trained.rows.size())});
    embed::MapState state;
    state.round = int(checkpoint.step);
    state.layout = valuesOf(checkpoint.weights.at("layout"));
    if (checkpoint.optimiser.count("velocity") > 0 && checkpoint.optimiser.count("gains") > 0) {
        state.velocity = valuesOf(checkpoint.optimiser.at("velocity"));
        state.gains = valuesOf(checkpoint.optimiser.at("gains"));
    }
    m_features = features.data;
    m_scored = true;
    m_resumed = std::move(state);
    return {};
}

nlohmann::json EmbedJob::resolvedOptions() const
{
    return {{"map", m_options.mapName},
            {"neighbours", m_options.how.neighbours},
            {"minimum_distance", m_options.how.minimumDistance},
            {"perplexity", m_options.how.perplexity},
            {"rounds", m_options.how.rounds},
            {"hold", m_options.how.hold},
            {"clusters", m_options.clusters},
            {"size", m_trained.info.size}};
}

nlohmann::json EmbedJob::result() const
{
    nlohmann::json result = {{"job", m_context.snapshot.job},
                             {"samples", m_trained.rows.size()},
                             {"model", m_trained.info.model},
                             {"classes", m_trained.info.classes}};
    if (m_mapping)
        result["map"] = {{"method", m_options.mapName},
                         {"rounds", m_mapping->figures().rounds},
                         {"trustworthiness", m_mapping->figures().trustworthiness},
                         {"recall", m_mapping->figures().recall}};
    if (m_options.clusters > 0)
        result["clusters"] = m_clusters;
    return result;
}

} // namespace

Result<std::unique_ptr<RunJob>> makeEmbedJob(RunContext context)
{
    FOVEATE_TRY(EmbedOptions options, readOptions(context));
    FOVEATE_TRY(TrainedNetwork trained, openTrainedNetwork(context, false));
    return std::unique_ptr<RunJob>(
        std::make_unique<EmbedJob>(std::move(context), std::move(trained), std::move(options)));
}

} // namespace foveate::learn
