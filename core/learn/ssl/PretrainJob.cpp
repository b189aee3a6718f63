// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/PretrainJob.h"

#include "base/Log.h"
#include "learn/Exceptions.h"
#include "learn/TrainSet.h"
#include "learn/optim/Schedule.h"
#include "learn/ranks/SharedCheckpoint.h"
#include "learn/ssl/Examination.h"
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

class PretrainJob : public RunJob {
public:
    explicit PretrainJob(PretrainParts parts);
    Result<Step> step() override;
    Progress progress() const override;
    Result<std::optional<Checkpoint>> checkpoint() const override;
    Status restore(const Checkpoint& checkpoint) override;
    json resolvedOptions() const override;
    json result() const override;
    bool atBoundary() const override { return m_boundary; }
    bool keepsCheckpoints() const override { return false; }
    bool isShared() const override;

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
    Result<Step> examiningStep();
    Result<Step> examine(std::vector<ProbeKind> probes);
    Status publish();
    std::vector<std::size_t> batchEnds() const;
    double scheduled(double epoch) const;
    double rate(std::size_t end) const;
    double workDone() const;
    double workTotal() const;

    // Immutable after construction.
    PretrainParts m_parts;
    optim::CosineSchedule m_cosine;
    optim::StepSchedule m_steps;
    Clock::time_point m_start = Clock::now();
    // Changed by steps.
    PretrainState m_state;
    std::vector<std::size_t> m_order;
    bool m_boundary = false;
    std::unique_ptr<Examination> m_examination;
    json m_evaluated = json::object(); ///< figures of the last evaluation, as they stand in result.json
    std::int64_t m_imagesTrained = 0;  ///< since this process began
    double m_secondsTrained = 0;
};

PretrainJob::PretrainJob(PretrainParts parts) : m_parts(std::move(parts))
{
    const PretrainOptions& options = m_parts.options;
    const double warmUp = options.warmUp >= 0 ? options.warmUp : optim::usualWarmUp(options.epochs);
    m_cosine = {resolvedLearningRate(options), warmUp, double(std::max(options.planned, options.epochs))};
    m_steps = {m_cosine.base, warmUp, options.stepFactor, options.stepEvery};
    m_state.batch = options.batch;
    m_order = epochOrder(m_parts.training.size(), m_parts.context.snapshot.seed, 0);
}

double PretrainJob::scheduled(double epoch) const
{
    const double rate = m_parts.options.schedule == "step" ? m_steps.rate(epoch) : m_cosine.rate(epoch);
    return rate * m_state.rateFactor;
}

/// The rate in the middle of the step that ends there, so that the first one learns too.
double PretrainJob::rate(std::size_t end) const
{
    return scheduled(m_state.epoch + .5 * double(m_state.position + end) / double(m_order.size()));
}

/// The end, and then what the encoder is worth, are the first rank's.
bool PretrainJob::isShared() const
{
    return m_state.stage != Stage::examining &&
           (m_state.stage != Stage::training || m_state.epoch < m_parts.options.epochs);
}

/// Where the batches of the coming step end.
std::vector<std::size_t> PretrainJob::batchEnds() const
{
    std::vector<std::size_t> ends;
    std::size_t position = m_state.position;
    for (int i = 0; i < m_parts.options.accumulate && position < m_order.size(); ++i) {
        position = batchEnd(position, m_order.size(), std::size_t(m_state.batch));
        ends.push_back(position);
    }
    return ends;
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
        FOVEATE_CHECK(publish());
    switch (m_state.stage) {
    case Stage::training: return trainingStep();
    case Stage::monitoring: return monitoringStep();
    case Stage::examining: break;
    }
    return examiningStep();
}

Result<Step> PretrainJob::trainingStep()
{
    const Clock::time_point start = Clock::now();
    const std::vector<std::size_t> ends = batchEnds();
    const std::size_t begin = m_state.position, images = ends.back() - begin;
    const auto firstOf = [&](std::size_t i) { return i == 0 ? begin : ends[i - 1]; };
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < ends.size(); ++i)
        sizes.push_back(ends[i] - firstOf(i));
    const auto viewsOf = [&](std::size_t part) {
        const Range own = shareOf(sizes[part], m_parts.context.group.get());
        std::vector<std::int64_t> rows;
        for (std::size_t i = own.begin; i < own.end; ++i)
            rows.push_back(m_parts.training[m_order[firstOf(part) + i]]);
        return twoViews(m_parts.batches, rows, m_parts.preset, m_parts.context.snapshot.seed, m_state.epoch);
    };
    const Result<Learnt> learnt = guarded([&] { return m_parts.learner->learn(sizes, viewsOf, rate(ends.back())); });
    if (!learnt && learnt.error().code == Code::outOfMemory) {
        FOVEATE_CHECK(halveBatch(learnt.error()));
        return Step::more;
    }
    if (!learnt && learnt.error().code != Code::nonFinite)
        return tl::unexpected<Error>(learnt.error());
    ++m_state.step;
    m_state.position = ends.back();
    if (learnt) {
        count(*learnt, images);
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
    FOVEATE_TRY(const std::optional<Checkpoint> checkpoint, newestCheckpoint(context.folder, context.group.get()));
    if (checkpoint) {
        FOVEATE_CHECK(restore(*checkpoint));
    } else {
        FOVEATE_TRY(m_parts.learner, Learner::create(m_parts.options, context.capability,
                                                     context.parent ? &context.parent->tensors : nullptr,
                                                     context.snapshot.seed, context.group));
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
    if (m_parts.context.group || m_state.halvings >= kHalvingLimit || m_state.batch < 4)
        return tl::unexpected<Error>(error);
    ++m_state.halvings;
    m_state.batch /= 2;
    log::warning("out of memory: batch of " + std::to_string(m_state.batch));
    return {};
}

Status PretrainJob::endEpoch()
{
    const double shown = scheduled(m_state.epoch + .5);
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

/// One step of examining the encoder as it stands; at the end its figures are the job's.
Result<Step> PretrainJob::examine(std::vector<ProbeKind> probes)
{
    const RunContext& context = m_parts.context;
    if (!m_examination)
        m_examination =
            std::make_unique<Examination>(m_parts.learner->network(), m_parts.batches, m_parts.rows, m_parts.evaluation,
                                          std::move(probes), context.snapshot.seed, context.capability.threads);
    FOVEATE_TRY(const Step step, m_examination->step());
    if (step == Step::done)
        m_evaluated = m_examination->figures();
    return step;
}

Result<Step> PretrainJob::monitoringStep()
{
    const Result<Step> step = examine({ProbeKind::linear});
    if (!step) {
        m_examination.reset();
        if (step.error().code != Code::nonFinite)
            return step;
        FOVEATE_CHECK(returnToCheckpoint());
        return Step::more;
    }
    if (*step == Step::more)
        return Step::more;
    m_examination.reset();
    m_state.stage = Stage::training;
    ++m_state.step; // its own, so that a resume from before it writes the line once
    m_boundary = true;
    json line = {{"epoch", m_state.epoch}, {"step", m_state.step}};
    for (const auto& [name, figures] : m_evaluated.items())
        for (const auto& [figure, value] : figures.items())
            line[name + "_" + figure] = value;
    FOVEATE_CHECK(m_parts.context.logMetrics(line));
    return Step::more;
}

Status PretrainJob::publish()
{
    Network& network = m_parts.learner->network();
    if (!network.isFinite())
        return fail(Code::nonFinite, {"weights"});
    m_state.stage = Stage::examining;
    return writeSafetensors(m_parts.context.folder + "/weights.safetensors",
                            {network.state(), toMetadata(m_parts.info)});
}

Result<Step> PretrainJob::examiningStep()
{
    FOVEATE_TRY(const Step step, examine({ProbeKind::linear, ProbeKind::mlp}));
    if (step == Step::done)
        FOVEATE_CHECK(m_examination->scoring().write(m_parts.context.folder));
    return step;
}

/// Work in forward passes of one image; learning from two views costs about six.
double PretrainJob::workDone() const
{
    const double n = double(m_parts.training.size());
    return 6 * (n * m_state.epoch + double(m_state.position)) +
           (m_examination ? double(m_examination->scoring().done()) : 0);
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
    const bool training = m_state.stage != Stage::examining;
    progress.stage = training ? "epoch" : "scoring";
    const auto n = std::int64_t(m_parts.training.size());
    progress.step = training        ? m_state.epoch * n + std::int64_t(m_state.position)
                    : m_examination ? m_examination->scoring().done()
                                    : 0;
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
    for (const char* name : {"knn", "probe_linear"})
        if (m_evaluated.contains(name))
            progress.metrics.emplace_back(std::string(name) + "_accuracy", m_evaluated[name]["accuracy"].get<double>());
    return progress;
}

Result<std::optional<Checkpoint>> PretrainJob::checkpoint() const
{
    Checkpoint checkpoint;
    checkpoint.step = m_state.step;
    checkpoint.weights = m_parts.learner->weights();
    checkpoint.optimiser = m_parts.learner->moments();
    checkpoint.state = toJson(m_state);
    checkpoint.state["boundary"] = m_boundary;
    checkpoint.state["evaluated"] = m_evaluated;
    return checkpoint;
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
    options["learning_rate"] = m_cosine.base;
    options["warm_up"] = m_cosine.warmUp;
    options["planned"] = int(m_cosine.planned);
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
