// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/PretrainJob.h"

#include "base/Log.h"
#include "learn/Exceptions.h"
#include "learn/Scoring.h"
#include "learn/TrainSet.h"
#include "learn/optim/Schedule.h"
#include "learn/ssl/PretrainParts.h"
#include "learn/ssl/PretrainState.h"
#include "learn/ssl/Views.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace foveate::learn::ssl {
namespace {

constexpr int kStrikesBeforeReturn = 3;
constexpr int kReturnLimit = 3;
constexpr int kHalvingLimit = 3;

using Clock = std::chrono::steady_clock;
using nlohmann::json;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

json toJson(const Figures& figures)
{
    return {{"accuracy", figures.accuracy}, {"f1_weighted", figures.f1Weighted}};
}

class PretrainJob : public RunJob {
public:
    explicit PretrainJob(PretrainParts parts);
    Result<Step> step() override;
    Progress progress() const override;
    Status save() override;
    Status restore(const Checkpoint& checkpoint) override;
    json resolvedOptions() const override;
    json result() const override;
    bool atBoundary() const override { return m_boundary; }
    bool keepsCheckpoints() const override { return false; }

private:
    Result<Step> advance();
    Result<Step> trainingStep();
    void count(const Learnt& learnt, std::size_t images);
    Status strike();
    Status returnToCheckpoint();
    Status halveBatch(const Error& error);
    Status endEpoch();
    bool monitorIsDue() const;
    Result<Step> monitoringStep();
    Result<Step> scoringStep();
    Result<Step> probingStep();
    Status beginScoring();
    Result<Figures> neighbours(std::size_t k) const;
    std::vector<std::int64_t> allRows() const;
    double rate() const;
    double workDone() const;
    double workTotal() const;

    // Immutable after construction.
    PretrainParts m_parts;
    optim::CosineSchedule m_schedule;
    Clock::time_point m_start = Clock::now();
    // Changed by steps.
    PretrainState m_state;
    std::vector<std::size_t> m_order;
    bool m_boundary = false;
    std::unique_ptr<Scoring> m_scoring;
    std::vector<std::unique_ptr<Probe>> m_probes; ///< those not done yet, the last one runs
    json m_evaluated = json::object();            ///< figures of the last evaluation, as they stand in result.json
    std::int64_t m_imagesTrained = 0;             ///< since this process began
    double m_secondsTrained = 0;
};

PretrainJob::PretrainJob(PretrainParts parts) : m_parts(std::move(parts))
{
    const PretrainOptions& options = m_parts.options;
    m_schedule = {resolvedLearningRate(options),
                  double(options.warmUp >= 0 ? options.warmUp : optim::usualWarmUp(options.epochs)),
                  double(options.epochs)};
    m_state.batch = options.batch;
    m_order = epochOrder(m_parts.training.size(), m_parts.context.snapshot.seed, 0);
}

/// The rate in the middle of the coming batch, so that the first one learns too.
double PretrainJob::rate() const
{
    const std::size_t n = m_order.size(), end = batchEnd(m_state.position, n, std::size_t(m_state.batch));
    const double middle = m_state.epoch + .5 * double(m_state.position + end) / double(n);
    return m_schedule.rate(middle) * m_state.rateFactor;
}

Result<Step> PretrainJob::step()
{
    if (m_boundary) {
        m_boundary = false;
        if (m_state.stage == Stage::training)
            m_order = epochOrder(m_parts.training.size(), m_parts.context.snapshot.seed, m_state.epoch);
    }
    return guarded([this] { return advance(); });
}

Result<Step> PretrainJob::advance()
{
    if (m_state.stage == Stage::training && m_state.epoch >= m_parts.options.epochs)
        FOVEATE_CHECK(beginScoring());
    switch (m_state.stage) {
    case Stage::training: return trainingStep();
    case Stage::monitoring: return monitoringStep();
    case Stage::scoring: return scoringStep();
    case Stage::probing: break;
    }
    return probingStep();
}

Result<Step> PretrainJob::trainingStep()
{
    const Clock::time_point start = Clock::now();
    const std::size_t end = batchEnd(m_state.position, m_order.size(), std::size_t(m_state.batch));
    std::vector<std::int64_t> rows;
    for (std::size_t i = m_state.position; i < end; ++i)
        rows.push_back(m_parts.training[m_order[i]]);
    const Result<Learnt> learnt = guarded([&] {
        const at::Tensor views =
            twoViews(m_parts.batches, rows, m_parts.preset, m_parts.context.snapshot.seed, m_state.epoch);
        return m_parts.learner->learn(views, rate());
    });
    if (!learnt && learnt.error().code == Code::outOfMemory) {
        FOVEATE_CHECK(halveBatch(learnt.error()));
        return Step::more;
    }
    if (!learnt && learnt.error().code != Code::nonFinite)
        return tl::unexpected<Error>(learnt.error());
    ++m_state.step;
    m_state.position = end;
    if (learnt) {
        count(*learnt, rows.size());
        m_secondsTrained += secondsSince(start);
    } else {
        FOVEATE_CHECK(strike());
    }
    if (m_state.position >= m_order.size())
        FOVEATE_CHECK(endEpoch());
    return Step::more;
}

void PretrainJob::count(const Learnt& learnt, std::size_t images)
{
    EpochSums& sums = m_state.sums;
    const double n = double(images);
    m_state.strikes = 0;
    sums.loss += n * learnt.loss;
    sums.all += n * learnt.accuracy.all;
    sums.crossView += n * learnt.accuracy.crossView;
    sums.deviation += n * learnt.deviation;
    sums.spread += n * learnt.deviation * std::sqrt(double(learnt.dimension));
    sums.images += std::int64_t(images);
    m_imagesTrained += std::int64_t(images);
}

Status PretrainJob::strike()
{
    ++m_state.strikes;
    ++m_state.skipped;
    log::warning("loss not finite: step skipped");
    return m_state.strikes < kStrikesBeforeReturn ? Status() : returnToCheckpoint();
}

Status PretrainJob::returnToCheckpoint()
{
    const int returns = m_state.returns + 1, skipped = m_state.skipped;
    const double factor = m_state.rateFactor / 2;
    if (returns > kReturnLimit)
        return fail(Code::nonFinite, {"loss"});
    const RunContext& context = m_parts.context;
    FOVEATE_TRY(const std::optional<Checkpoint> checkpoint, readNewestCheckpoint(context.folder));
    if (checkpoint) {
        FOVEATE_CHECK(restore(*checkpoint));
    } else {
        FOVEATE_TRY(m_parts.learner,
                    Learner::create(m_parts.options, context.capability,
                                    context.parent ? &context.parent->tensors : nullptr, context.snapshot.seed));
        const int batch = m_state.batch;
        m_state = PretrainState();
        m_state.batch = batch;
        m_order = epochOrder(m_parts.training.size(), context.snapshot.seed, 0);
    }
    m_state.returns = returns;
    m_state.skipped = skipped;
    m_state.rateFactor = factor;
    m_state.strikes = 0;
    log::warning("back to the last finite state, with half the learning rate");
    return {};
}

Status PretrainJob::halveBatch(const Error& error)
{
    m_parts.learner->dropGradients();
    if (m_state.halvings >= kHalvingLimit || m_state.batch < 4)
        return tl::unexpected<Error>(error);
    ++m_state.halvings;
    m_state.batch /= 2;
    log::warning("out of memory: batch of " + std::to_string(m_state.batch));
    return {};
}

Status PretrainJob::endEpoch()
{
    const double shown = m_schedule.rate(m_state.epoch + .5) * m_state.rateFactor;
    const EpochSums sums = m_state.sums;
    const double n = double(std::max<std::int64_t>(sums.images, 1));
    m_state.last = EpochFigures{sums.loss / n, sums.all / n, sums.crossView / n, sums.deviation / n};
    m_state.lowChecks = sums.spread / n < .1 ? m_state.lowChecks + 1 : 0;
    if (m_state.lowChecks == 3)
        log::warning("the embedding has collapsed: all images fall onto one point");
    ++m_state.epoch;
    m_state.position = 0;
    m_state.sums = {};
    m_boundary = true;
    if (monitorIsDue())
        m_state.stage = Stage::monitoring;
    return m_parts.context.logMetrics({{"epoch", m_state.epoch},
                                       {"step", m_state.step},
                                       {"loss", m_state.last->loss},
                                       {"contrastive_accuracy", m_state.last->contrastiveAccuracy},
                                       {"cross_view_accuracy", m_state.last->crossViewAccuracy},
                                       {"embedding_std", m_state.last->embeddingDeviation},
                                       {"learning_rate", shown},
                                       {"collapsed", m_state.collapsed()}});
}

/// Not after the last epoch, which is evaluated in full.
bool PretrainJob::monitorIsDue() const
{
    const int epochs = m_parts.options.epochs;
    const int every = m_parts.options.monitorEvery > 0 ? m_parts.options.monitorEvery : std::max(1, (epochs + 4) / 5);
    return m_parts.evaluation && m_state.epoch < epochs && m_state.epoch % every == 0;
}

Result<Figures> PretrainJob::neighbours(std::size_t k) const
{
    return neighbourFigures(*m_parts.evaluation, m_scoring->features(), k, m_parts.context.capability.threads);
}

std::vector<std::int64_t> PretrainJob::allRows() const
{
    std::vector<std::int64_t> rows;
    for (const SnapshotSample& sample : m_parts.context.snapshot.samples)
        rows.push_back(sample.row);
    return rows;
}

Result<Step> PretrainJob::monitoringStep()
{
    if (!m_scoring)
        m_scoring = std::make_unique<Scoring>(m_parts.learner->network(), m_parts.batches, allRows());
    FOVEATE_TRY(const Step step, m_scoring->step());
    if (step == Step::more)
        return Step::more;
    FOVEATE_TRY(const Figures figures, neighbours(usualNeighbours(m_parts.evaluation->known.size())));
    m_scoring.reset();
    m_evaluated["knn"] = toJson(figures);
    m_state.stage = Stage::training;
    ++m_state.step; // its own, so that a resume from before it writes the line once
    m_boundary = true;
    FOVEATE_CHECK(m_parts.context.logMetrics({{"epoch", m_state.epoch},
                                              {"step", m_state.step},
                                              {"knn_accuracy", figures.accuracy},
                                              {"knn_f1_weighted", figures.f1Weighted}}));
    return Step::more;
}

Status PretrainJob::beginScoring()
{
    Network& network = m_parts.learner->network();
    if (!network.isFinite())
        return fail(Code::nonFinite, {"weights"});
    m_state.stage = Stage::scoring;
    return writeSafetensors(m_parts.context.folder + "/weights.safetensors",
                            {network.state(), toMetadata(m_parts.info)});
}

Result<Step> PretrainJob::scoringStep()
{
    if (!m_scoring)
        m_scoring = std::make_unique<Scoring>(m_parts.learner->network(), m_parts.batches, allRows());
    FOVEATE_TRY(const Step step, m_scoring->step());
    if (step == Step::more)
        return Step::more;
    FOVEATE_CHECK(m_scoring->write(m_parts.context.folder));
    if (!m_parts.evaluation)
        return Step::done;
    FOVEATE_TRY(const Figures usual, neighbours(usualNeighbours(m_parts.evaluation->known.size())));
    FOVEATE_TRY(const Figures twenty, neighbours(20));
    m_evaluated["knn"] = toJson(usual);
    m_evaluated["knn20"] = toJson(twenty);
    m_state.stage = Stage::probing;
    return Step::more;
}

Result<Step> PretrainJob::probingStep()
{
    if (!m_scoring) { // resumed: features once more
        m_state.stage = Stage::scoring;
        return Step::more;
    }
    if (m_probes.empty())
        for (const ProbeKind kind : {ProbeKind::linear, ProbeKind::mlp})
            m_probes.push_back(std::make_unique<Probe>(*m_parts.evaluation, m_scoring->features(), kind,
                                                       m_parts.context.snapshot.seed));
    if (m_probes.back()->step() == Step::more)
        return Step::more;
    FOVEATE_TRY(const Figures figures, m_probes.back()->figures());
    m_evaluated[m_probes.size() == 2 ? "probe" : "probe_linear"] = toJson(figures);
    m_probes.pop_back();
    return m_probes.empty() ? Step::done : Step::more;
}

/// Work in forward passes of one image; learning from two views costs about six.
double PretrainJob::workDone() const
{
    const double n = double(m_parts.training.size());
    return 6 * (n * m_state.epoch + double(m_state.position)) + (m_scoring ? double(m_scoring->done()) : 0);
}

double PretrainJob::workTotal() const
{
    return 6. * double(m_parts.training.size()) * m_parts.options.epochs +
           double(m_parts.context.snapshot.samples.size());
}

Progress PretrainJob::progress() const
{
    Progress progress;
    progress.job = "pretrain";
    const bool training = m_state.stage == Stage::training || m_state.stage == Stage::monitoring;
    progress.stage = training ? "epoch" : "scoring";
    const auto n = std::int64_t(m_parts.training.size());
    progress.step = training ? m_state.epoch * n + std::int64_t(m_state.position) : (m_scoring ? m_scoring->done() : 0);
    progress.of = training ? m_parts.options.epochs * n : std::int64_t(m_parts.context.snapshot.samples.size());
    progress.seconds = secondsSince(m_start);
    const double speed = m_secondsTrained > 0 ? double(m_imagesTrained) / m_secondsTrained : 0;
    progress.remaining = speed > 0 ? std::max(0., workTotal() - workDone()) / (6 * speed) : -1;
    progress.metrics = {{"epoch", m_state.epoch}, {"epochs", m_parts.options.epochs}};
    if (m_state.last) {
        progress.metrics.emplace_back("loss", m_state.last->loss);
        progress.metrics.emplace_back("contrastive_accuracy", m_state.last->contrastiveAccuracy);
        progress.metrics.emplace_back("embedding_std", m_state.last->embeddingDeviation);
    }
    progress.metrics.emplace_back("collapsed", m_state.collapsed() ? 1 : 0);
    if (speed > 0)
        progress.metrics.emplace_back("images_per_second", speed);
    if (m_evaluated.contains("knn"))
        progress.metrics.emplace_back("knn_accuracy", m_evaluated["knn"]["accuracy"].get<double>());
    return progress;
}

Status PretrainJob::save()
{
    Checkpoint checkpoint;
    checkpoint.step = m_state.step;
    checkpoint.weights = m_parts.learner->weights();
    checkpoint.optimiser = m_parts.learner->moments();
    checkpoint.state = toJson(m_state);
    checkpoint.state["boundary"] = m_boundary;
    checkpoint.state["evaluated"] = m_evaluated;
    return guarded([&] { return writeCheckpoint(m_parts.context.folder, checkpoint); });
}

Status PretrainJob::restore(const Checkpoint& checkpoint)
{
    FOVEATE_TRY(const PretrainState state, pretrainStateFromJson(checkpoint.state));
    if (state.position > m_parts.training.size() || state.batch < 2)
        return fail(Code::corrupt, {"state.json", "position"});
    FOVEATE_CHECK(guarded([&] { return m_parts.learner->load(checkpoint.weights, checkpoint.optimiser); }));
    m_state = state;
    m_boundary = checkpoint.state.value("boundary", false);
    m_evaluated = checkpoint.state.value("evaluated", json::object());
    m_order = epochOrder(m_parts.training.size(), m_parts.context.snapshot.seed, m_state.epoch);
    return {};
}

json PretrainJob::resolvedOptions() const
{
    json options = ssl::toJson(m_parts.options);
    options["size"] = m_parts.info.size;
    options["learning_rate"] = m_schedule.base;
    options["warm_up"] = m_schedule.warmUp;
    options["preset"] = augment::toJson(m_parts.preset);
    options["images"] = m_parts.training.size();
    return options;
}

json PretrainJob::result() const
{
    const EpochFigures last = m_state.last.value_or(EpochFigures{});
    const auto orNull = [&](double value) { return m_state.last ? json(value) : json(); };
    json result = {{"job", "pretrain"},
                   {"method", m_parts.options.objective.method},
                   {"epochs", m_state.epoch},
                   {"images", m_parts.training.size()},
                   {"loss", orNull(last.loss)},
                   {"contrastive_accuracy", orNull(last.contrastiveAccuracy)},
                   {"cross_view_accuracy", orNull(last.crossViewAccuracy)},
                   {"embedding_std", orNull(last.embeddingDeviation)},
                   {"collapsed", m_state.collapsed()},
                   {"skipped_steps", m_state.skipped},
                   {"returns", m_state.returns},
                   {"batch", m_state.batch},
                   {"images_per_second", m_secondsTrained > 0 ? double(m_imagesTrained) / m_secondsTrained : 0.0}};
    result.update(m_evaluated);
    return result;
}

} // namespace

Result<std::unique_ptr<RunJob>> makePretrainJob(RunContext context)
{
    FOVEATE_TRY(PretrainParts parts, makePretrainParts(std::move(context)));
    return std::unique_ptr<RunJob>(std::make_unique<PretrainJob>(std::move(parts)));
}

} // namespace foveate::learn::ssl
