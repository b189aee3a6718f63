// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/select/SelectJob.h"

#include "app/engine/select/AutoEncoder.h"
#include "app/engine/select/ImpactMeter.h"
#include "app/engine/select/Measuring.h"
#include "app/engine/select/Numbers.h"
#include "base/AtomicFile.h"
#include "base/Random.h"
#include "learn/Exceptions.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <chrono>
#include <cmath>

namespace foveate::engine {
namespace {

using nlohmann::json;

constexpr std::size_t kPrefilterFrom = 20000; ///< images in the pool
constexpr double kPrefilterShare = .1;
constexpr int kPasses = 20; ///< P4
constexpr double kDropout = .5;

enum class Stage { scoring, measuring, encoding, impacts, ranking };
constexpr const char* kStageNames[] = {"scoring", "maps", "auto-encoder", "updates", "ranking"};

class SelectJob : public learn::RunJob {
public:
    SelectJob(learn::RunContext context, SelectOptions options, std::unique_ptr<learn::TrainedNetwork> trained,
              KnownNumbers known);
    Result<Step> step() override;
    Progress progress() const override;
    Result<std::optional<learn::Checkpoint>> checkpoint() const override;
    Status restore(const learn::Checkpoint& checkpoint) override;
    json resolvedOptions() const override { return toJson(m_options); }
    json result() const override;
    bool atBoundary() const override { return false; }
    bool keepsCheckpoints() const override { return false; }

private:
    bool needs(query::Needs what) const { return (m_options.needs & what) != 0; }
    std::vector<std::int64_t> rowsOf(const std::vector<std::size_t>& places) const;
    std::vector<std::string> idsOf(const std::vector<std::size_t>& places) const;
    Result<Step> score();
    Status take();
    std::vector<std::uint8_t> chooseMapped() const;
    std::vector<float> dropoutPasses() const;
    Status beginMeasuring();
    Result<Step> encode();
    Result<std::vector<std::string>> representatives() const;
    Status beginImpacts();
    Status rank();
    query::Pool pool() const;
    Stage after(Stage stage) const;

    // Immutable after construction.
    learn::RunContext m_context;
    SelectOptions m_options;
    std::unique_ptr<learn::TrainedNetwork> m_trained; ///< null when no model takes part
    SelectSamples m_samples;
    std::vector<std::string> m_ids, m_labelledIds;
    std::vector<int> m_classes; ///< of the labelled
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
    // Changed by steps.
    Stage m_stage = Stage::scoring;
    Numbers m_numbers;
    std::vector<float> m_probabilities, m_features, m_labelledFeatures, m_passes, m_latents;
    std::vector<std::uint8_t> m_mapped; ///< of the pool; empty: all are
    std::unique_ptr<Measuring> m_measuring;
    std::unique_ptr<AutoEncoder> m_encoder;
    std::unique_ptr<ImpactMeter> m_meter;
    std::vector<query::Impact> m_impacts;
    learn::Checkpoint m_resumed; ///< measurements to go on from
    json m_notes = json::object();
    std::size_t m_ranked = 0;
};

SelectJob::SelectJob(learn::RunContext context, SelectOptions options, std::unique_ptr<learn::TrainedNetwork> trained,
                     KnownNumbers known)
    : m_context(std::move(context)), m_options(std::move(options)), m_trained(std::move(trained)),
      m_samples(selectSamples(m_context.snapshot)), m_ids(idsOf(m_samples.pool)),
      m_labelledIds(idsOf(m_samples.labelled)),
      m_numbers(
          std::move(known),
          [&] {
              std::vector<std::int64_t> rows = rowsOf(m_samples.pool), more = rowsOf(m_samples.labelled);
              rows.insert(rows.end(), more.begin(), more.end());
              return m_options.needs == query::kNeedsNothing ? std::vector<std::int64_t>() : rows;
          }(),
          m_trained.get(), m_options.needsHead())
{
    for (const std::size_t i : m_samples.labelled)
        m_classes.push_back(*m_context.snapshot.samples[i].label);
}

std::vector<std::int64_t> SelectJob::rowsOf(const std::vector<std::size_t>& places) const
{
    std::vector<std::int64_t> rows;
    for (const std::size_t i : places)
        rows.push_back(m_context.snapshot.samples[i].row);
    return rows;
}

std::vector<std::string> SelectJob::idsOf(const std::vector<std::size_t>& places) const
{
    std::vector<std::string> ids;
    for (const std::size_t i : places)
        ids.push_back(m_context.snapshot.samples[i].id);
    return ids;
}

Stage SelectJob::after(Stage stage) const
{
    const bool deep = needs(query::kNeedsLatents);
    switch (stage) {
    case Stage::scoring: return needs(query::kNeedsMeasures) ? Stage::measuring : Stage::ranking;
    case Stage::measuring: return deep ? Stage::encoding : Stage::ranking;
    case Stage::encoding: return m_meter ? Stage::impacts : Stage::ranking;
    case Stage::impacts:
    case Stage::ranking: break;
    }
    return Stage::ranking;
}

Result<Step> SelectJob::step()
{
    return learn::guarded([this]() -> Result<Step> {
        Step inside = Step::done;
        switch (m_stage) {
        case Stage::scoring: {
            FOVEATE_TRY(inside, score());
            break;
        }
        case Stage::measuring: {
            FOVEATE_TRY(inside, m_measuring->step());
            break;
        }
        case Stage::encoding: {
            FOVEATE_TRY(inside, encode());
            break;
        }
        case Stage::impacts: {
            FOVEATE_TRY(inside, m_meter->step());
            if (inside == Step::done)
                m_impacts = m_meter->impacts();
            break;
        }
        case Stage::ranking: FOVEATE_CHECK(rank()); return Step::done;
        }
        if (inside == Step::done)
            m_stage = after(m_stage);
        return Step::more;
    });
}

Result<Step> SelectJob::score()
{
    FOVEATE_TRY(const Step step, m_numbers.step());
    if (step == Step::done)
        FOVEATE_CHECK(take());
    return step;
}

/// Everything that follows from the numbers without a map.
Status SelectJob::take()
{
    const std::vector<std::int64_t> rows = rowsOf(m_samples.pool);
    m_probabilities = m_numbers.probabilities(rows);
    m_features = m_numbers.features(rows);
    m_labelledFeatures = m_numbers.features(rowsOf(m_samples.labelled));
    if (needs(query::kNeedsPasses))
        m_passes = dropoutPasses();
    return needs(query::kNeedsMeasures) ? beginMeasuring() : Status();
}

/// One mask a pass, the same for all samples: each pass is one network, and no sample's place matters.
std::vector<float> SelectJob::dropoutPasses() const
{
    const c10::InferenceMode inference;
    const auto width = std::int64_t(m_numbers.dimensions());
    const at::Tensor features =
        at::from_blob(const_cast<float*>(m_features.data()), {std::int64_t(m_ids.size()), width}, at::kFloat);
    std::vector<float> passes;
    learn::Network network = m_trained->network;
    network.train(false);
    for (int pass = 0; pass < kPasses; ++pass) {
        Random random = Random::derive(m_context.snapshot.seed, "dropout", std::uint64_t(pass));
        at::Tensor mask = at::empty({width}, at::kFloat);
        for (float& kept : std::span(mask.mutable_data_ptr<float>(), std::size_t(width)))
            kept = random.chance(kDropout) ? 0.0F : float(1 / (1 - kDropout));
        const at::Tensor p = network.probabilitiesOfFeatures(features * mask).contiguous();
        passes.insert(passes.end(), p.const_data_ptr<float>(), p.const_data_ptr<float>() + p.numel());
    }
    return passes;
}

/// 1 for the samples whose map is worth its cost; empty: all.
std::vector<std::uint8_t> SelectJob::chooseMapped() const
{
    const bool wanted = m_options.prefilter.value_or(m_ids.size() > kPrefilterFrom);
    if (!wanted || !m_options.measures(false) || !query::allowsPrefilter(m_options.parts))
        return {};
    query::Pool cheap;
    cheap.ids = m_ids;
    cheap.probabilities = m_probabilities;
    cheap.classes = m_context.snapshot.classes.size();
    cheap.multiLabel = m_context.snapshot.multiLabel;
    const auto ranked = query::rank("entropy", cheap);
    const auto most = std::size_t(std::ceil(kPrefilterShare * double(m_ids.size())));
    std::vector<std::uint8_t> mapped(m_ids.size(), 0);
    for (std::size_t i = 0; ranked && i < std::max(most, std::size_t(m_options.query.count)) && i < mapped.size(); ++i)
        mapped[std::size_t(std::lower_bound(m_ids.begin(), m_ids.end(), ranked->items[i].id) - m_ids.begin())] = 1;
    return mapped;
}

/// The labelled take part where clusters are made of them too.
Status SelectJob::beginMeasuring()
{
    m_mapped = chooseMapped();
    std::vector<std::int64_t> rows = rowsOf(m_samples.pool);
    std::vector<std::uint8_t> mapped = m_mapped.empty() ? std::vector<std::uint8_t>(rows.size(), 1) : m_mapped;
    if (needs(query::kNeedsLatents)) {
        const std::vector<std::int64_t> more = rowsOf(m_samples.labelled);
        rows.insert(rows.end(), more.begin(), more.end());
        mapped.resize(rows.size(), 1);
    }
    FOVEATE_TRY(Measuring measuring, Measuring::create(*m_trained, m_options, std::move(rows), std::move(mapped),
                                                       m_context.capability.threads));
    m_measuring = std::make_unique<Measuring>(std::move(measuring));
    return m_resumed.state.is_object() ? m_measuring->restore(m_resumed) : Status();
}

Result<Step> SelectJob::encode()
{
    if (!m_encoder) {
        const auto deep = std::find_if(m_options.parts.begin(), m_options.parts.end(), [](const query::Part& part) {
            return (part.strategy->needs & query::kNeedsLatents) != 0;
        });
        const Table* const table = m_measuring->table(*deep->strategy->measure, deep->variant.ofImage);
        m_encoder = std::make_unique<AutoEncoder>(table->values, m_context.snapshot.seed);
    }
    FOVEATE_TRY(const Step step, m_encoder->step());
    if (step == Step::more)
        return step;
    m_latents = m_encoder->latents();
    FOVEATE_CHECK(beginImpacts());
    return step;
}

/// Ids of those whose label's worth is to be measured; none as long as a cluster has no labelled representative.
Result<std::vector<std::string>> SelectJob::representatives() const
{
    std::vector<query::LatentClusters> rounds;
    if (m_options.query.literal) {
        FOVEATE_TRY(rounds, query::clustersToExhaustion(pool()));
    } else {
        FOVEATE_TRY(query::LatentClusters found, query::latentClusters(pool()));
        if (found.allLabelled())
            rounds.push_back(std::move(found));
    }
    std::vector<std::string> ids;
    for (const query::LatentClusters& round : rounds)
        for (const query::LatentCluster& cluster : round.clusters)
            ids.push_back(cluster.representative);
    return ids;
}

Status SelectJob::beginImpacts()
{
    FOVEATE_TRY(const std::vector<std::string> ids, representatives());
    if (ids.empty())
        return {};
    std::vector<std::size_t> representatives;
    for (const std::string& id : ids)
        representatives.push_back(*std::find_if(m_samples.labelled.begin(), m_samples.labelled.end(),
                                                [&](std::size_t i) { return m_context.snapshot.samples[i].id == id; }));
    m_meter = std::make_unique<ImpactMeter>(m_context, *m_trained, m_options.query, std::move(representatives),
                                            m_samples.labelled, m_samples.validation);
    const json saved = m_resumed.state.is_object() ? m_resumed.state.value("updates", json::array()) : json::array();
    if (saved.is_array() && std::int64_t(saved.size()) <= m_meter->total())
        m_meter->restore(saved.get<std::vector<std::vector<float>>>());
    return {};
}

query::Pool SelectJob::pool() const
{
    const std::size_t n = m_ids.size();
    query::Pool pool;
    pool.ids = m_ids;
    pool.probabilities = m_probabilities;
    pool.classes = m_context.snapshot.classes.size();
    pool.multiLabel = m_context.snapshot.multiLabel;
    pool.seed = m_context.snapshot.seed;
    pool.threads = m_context.capability.threads;
    pool.options = m_options.query;
    pool.features = m_features;
    pool.dimensions = m_numbers.dimensions();
    pool.passes = m_passes;
    pool.labelled = {m_labelledIds, m_classes, m_labelledFeatures, {}};
    pool.mapped = m_mapped;
    if (m_measuring)
        for (const Table& table : m_measuring->tables())
            pool.measures.push_back(
                {table.measure->name, table.ofImage, std::span(table.values).first(n * table.measure->columns)});
    if (!m_latents.empty()) {
        pool.latentCount = AutoEncoder::kLatents;
        pool.latents = std::span(m_latents).first(n * pool.latentCount);
        pool.labelled.latents = std::span(m_latents).subspan(n * pool.latentCount);
    }
    pool.impacts = m_impacts;
    return pool;
}

Status SelectJob::rank()
{
    FOVEATE_TRY(const query::Ranking ranking, query::rank(m_options.strategy, pool()));
    json items = json::array();
    for (const query::Ranked& item : ranking.items)
        items.push_back({{"id", item.id},
                         {"score", item.score},
                         {"rank", item.rank},
                         {"reason", query::toText(item.reason)},
                         {"audit", item.audit}});
    m_notes = ranking.notes;
    m_ranked = ranking.items.size();
    const json document{{"strategy", m_options.strategy},
                        {"seed", m_context.snapshot.seed},
                        {"items", std::move(items)},
                        {"notes", ranking.notes}};
    return writeFileAtomically(m_context.folder + "/select.json", document.dump() + "\n");
}

Progress SelectJob::progress() const
{
    Progress progress;
    progress.job = "select";
    progress.stage = kStageNames[std::size_t(m_stage)];
    progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    const auto part = [&](std::int64_t done, std::int64_t total) {
        progress.step = done;
        progress.of = total;
    };
    if (m_stage == Stage::scoring)
        part(m_numbers.done(), m_numbers.total());
    else if (m_stage == Stage::measuring)
        part(m_measuring->done(), m_measuring->total());
    else if (m_stage == Stage::encoding && m_encoder)
        part(m_encoder->epoch(), AutoEncoder::epochs());
    else if (m_stage == Stage::impacts)
        part(m_meter->done(), m_meter->total());
    return progress;
}

/// Maps and updates are dear; all else is computed again in seconds.
Result<std::optional<learn::Checkpoint>> SelectJob::checkpoint() const
{
    if (!m_measuring)
        return std::nullopt;
    learn::Checkpoint checkpoint;
    checkpoint.state = json::object();
    m_measuring->save(checkpoint);
    checkpoint.state["updates"] = m_meter ? json(m_meter->predictions()) : json::array();
    checkpoint.step = m_measuring->done() + (m_meter ? m_meter->done() : 0);
    return checkpoint;
}

Status SelectJob::restore(const learn::Checkpoint& checkpoint)
{
    m_resumed = checkpoint;
    return {};
}

json SelectJob::result() const
{
    return {{"job", "select"}, {"strategy", m_options.strategy}, {"samples", m_ranked}, {"notes", m_notes}};
}

} // namespace

Result<std::unique_ptr<learn::RunJob>> makeSelectJob(learn::RunContext context)
{
    FOVEATE_TRY(SelectOptions options, selectOptions(context.snapshot.options));
    if (context.snapshot.multiLabel && (options.needs & query::kNeedsOneClass) != 0)
        return fail(Code::needsOneClass, {options.strategy});
    FOVEATE_TRY(KnownNumbers known, knownNumbers(context.folder));
    std::unique_ptr<learn::TrainedNetwork> trained;
    if (options.needs != query::kNeedsNothing) {
        FOVEATE_TRY(learn::TrainedNetwork opened, learn::openTrainedNetwork(context, options.needsHead()));
        trained = std::make_unique<learn::TrainedNetwork>(std::move(opened));
    }
    return std::unique_ptr<learn::RunJob>(
        std::make_unique<SelectJob>(std::move(context), std::move(options), std::move(trained), std::move(known)));
}

} // namespace foveate::engine
