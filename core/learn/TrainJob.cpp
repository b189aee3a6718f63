// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainJob.h"

#include "base/Log.h"
#include "base/Random.h"
#include "learn/Exceptions.h"
#include "learn/FineTuner.h"
#include "learn/Scoring.h"
#include "learn/TrainSet.h"
#include "learn/TrainSetup.h"
#include "learn/TrainState.h"
#include "learn/TrainingViews.h"
#include "learn/Validation.h"
#include "learn/optim/Schedule.h"
#include "learn/ranks/SharedCheckpoint.h"

#include <chrono>
#include <cmath>
#include <numeric>

namespace foveate::learn {
namespace {

constexpr int kStrikesBeforeReturn = 3;
constexpr int kReturnLimit = 3;
constexpr int kHalvingLimit = 3;
constexpr const char* kBest = "best.";

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

TensorMap copyOf(const TensorMap& tensors)
{
    TensorMap copy;
    for (const auto& [name, tensor] : tensors)
        copy[name] = tensor.clone();
    return copy;
}

class TrainJob : public RunJob {
public:
    TrainJob(RunContext context, TrainOptions options, ModelInfo info, TrainSet set, PackBatches batches,
             Network network, augment::Preset preset);
    Result<Step> step() override;
    Progress progress() const override;
    Result<std::optional<Checkpoint>> checkpoint() const override;
    Status restore(const Checkpoint& checkpoint) override;
    nlohmann::json resolvedOptions() const override;
    nlohmann::json result() const override;
    bool atBoundary() const override { return m_boundary; }
    bool keepsCheckpoints() const override { return false; }
    bool isShared() const override;

private:
    void chooseSamples();
    int joinEpochs() const { return std::min(m_options.joinEpochs, m_options.epochs / 5); }
    bool isValidated() const { return !m_set.validation.empty() && m_state.joined == 0; }
    int lastEpoch() const;
    double rate() const;
    Status stopEarly();
    std::size_t steps(std::size_t n) const;
    /// Of an entry of m_order: each sample stands in it once for every view.
    const TrainSample& sampleOf(std::size_t entry) const { return m_samples[entry % m_samples.size()]; }
    Result<Step> trainingStep();
    Result<BatchResult> learn(std::span<const std::size_t> order);
    Status strike();
    Status returnToCheckpoint();
    Status halveBatch(const Error& error);
    Status endEpoch();
    Result<Step> validationStep();
    Status judge(double validationLoss, double validationAccuracy);
    Status logEpoch() const;
    Status finishTraining();
    Result<Step> scoringStep();
    double workDone() const;
    double workTotal() const;

    // Immutable after construction.
    RunContext m_context;
    TrainOptions m_options;
    ModelInfo m_info;
    TrainSet m_set;
    PackBatches m_batches;
    augment::Preset m_preset;
    Clock::time_point m_start = Clock::now();
    // Changed by steps.
    FineTuner m_tuner;
    Network& m_network; ///< the tuner's
    TrainState m_state;
    std::vector<TrainSample> m_samples; ///< what is learnt from now
    std::vector<std::size_t> m_order;
    TensorMap m_best;
    std::unique_ptr<Scoring> m_scoring;
    bool m_boundary = false;
    std::int64_t m_imagesTrained = 0;
    double m_secondsTrained = 0;
};

TrainJob::TrainJob(RunContext context, TrainOptions options, ModelInfo info, TrainSet set, PackBatches batches,
                   Network network, augment::Preset preset)
    : m_context(std::move(context)), m_options(std::move(options)), m_info(std::move(info)), m_set(std::move(set)),
      m_batches(std::move(batches)), m_preset(std::move(preset)),
      m_tuner(std::move(network), optimiserOf(m_options), m_options.freeze, m_context.capability, m_context.group,
              m_options.syncBatchNorm),
      m_network(m_tuner.network())
{
    m_state.batch = m_options.batch;
    m_state.learningRate = m_options.learningRate;
    m_tuner.setClassWeights(m_set.sides);
    chooseSamples();
}

/// The training part, or everything once the validation has done its work; and the order of the epoch.
void TrainJob::chooseSamples()
{
    m_samples = m_set.training;
    if (m_state.joined > 0)
        m_samples.insert(m_samples.end(), m_set.validation.begin(), m_set.validation.end());
    m_order = epochOrder(m_samples.size() * std::size_t(m_options.views), m_context.snapshot.seed, m_state.epoch);
}

double TrainJob::rate() const
{
    if (!m_options.cosine && m_options.stepEvery > 0)
        return m_state.learningRate * std::pow(m_options.stepFactor, m_state.epoch / m_options.stepEvery);
    if (!m_options.cosine)
        return m_state.learningRate;
    const double epoch = m_state.epoch + double(m_state.position) / double(m_order.size());
    return optim::CosineSchedule{m_state.learningRate, 0, double(m_options.epochs)}.rate(epoch);
}

int TrainJob::lastEpoch() const
{
    if (m_state.joined > 0)
        return m_state.joined + joinEpochs();
    return isValidated() ? m_options.epochs - joinEpochs() : m_options.epochs;
}

Result<BatchResult> TrainJob::learn(std::span<const std::size_t> order)
{
    const double batchWeight = std::accumulate(
        order.begin(), order.end(), 0., [&](double sum, std::size_t i) { return sum + double(sampleOf(i).weight); });
    const Range share = shareOf(order.size(), m_context.group.get());
    const std::span<const std::size_t> own = order.subspan(share.begin, share.size());
    std::vector<std::int64_t> rows;
    std::vector<std::int64_t> labels;
    std::vector<float> weights;
    for (const std::size_t i : own) {
        rows.push_back(sampleOf(i).row);
        labels.push_back(sampleOf(i).label);
        weights.push_back(sampleOf(i).weight);
    }
    const auto ranks = std::uint64_t(m_context.group ? m_context.group->count() : 1);
    const auto rank = std::uint64_t(m_context.group ? m_context.group->rank() : 0);
    const std::uint64_t draw = std::uint64_t(m_state.step) * ranks + rank;
    at::manual_seed(Random::derive(m_context.snapshot.seed, "dropout", draw).next());
    const at::Tensor views = trainingViews(m_batches, rows, own, m_preset, m_context.snapshot.seed, m_state.epoch);
    return m_tuner.learn(views, labels, weights, rate(), batchWeight);
}

Result<Step> TrainJob::trainingStep()
{
    const Clock::time_point start = Clock::now();
    const std::size_t end = batchEnd(m_state.position, m_order.size(), std::size_t(m_state.batch));
    const std::span<const std::size_t> part(m_order.data() + m_state.position, end - m_state.position);
    const Result<BatchResult> learnt = guarded([&] { return learn(part); });
    if (!learnt && learnt.error().code == Code::outOfMemory) {
        FOVEATE_CHECK(halveBatch(learnt.error()));
        return Step::more;
    }
    if (!learnt && learnt.error().code != Code::nonFinite)
        return tl::unexpected<Error>(learnt.error());
    ++m_state.step;
    m_state.position = end;
    if (!learnt) {
        FOVEATE_CHECK(strike());
    } else {
        m_state.strikes = 0;
        m_state.lossSum += learnt->loss * learnt->weight;
        m_state.weightSum += learnt->weight;
        m_state.correct += learnt->correct;
        m_state.seen += std::int64_t(part.size());
        m_imagesTrained += std::int64_t(part.size());
        m_secondsTrained += secondsSince(start);
    }
    if (m_state.position >= m_order.size())
        FOVEATE_CHECK(endEpoch());
    return Step::more;
}

Status TrainJob::strike()
{
    ++m_state.strikes;
    ++m_state.skipped;
    log::warning("loss not finite: step skipped");
    return m_state.strikes < kStrikesBeforeReturn ? Status() : returnToCheckpoint();
}

Status TrainJob::returnToCheckpoint()
{
    const int returns = m_state.returns + 1;
    const double learningRate = m_state.learningRate / 2;
    const int skipped = m_state.skipped;
    if (returns > kReturnLimit)
        return fail(Code::nonFinite, {"loss"});
    FOVEATE_TRY(const std::optional<Checkpoint> checkpoint, newestCheckpoint(m_context.folder, m_context.group.get()));
    if (checkpoint) {
        FOVEATE_CHECK(restore(*checkpoint));
    } else {
        FOVEATE_TRY(const Network fresh, makeNetwork(m_context, m_options, m_info));
        FOVEATE_CHECK(m_network.load(fresh.state()));
        m_tuner.restart();
        m_state = TrainState();
        m_state.batch = m_options.batch;
        m_best.clear();
        chooseSamples();
    }
    m_state.returns = returns;
    m_state.skipped = skipped;
    m_state.learningRate = learningRate;
    m_state.strikes = 0;
    log::warning("back to the last finite state, with half the learning rate");
    return {};
}

Status TrainJob::halveBatch(const Error& error)
{
    m_tuner.dropGradients();
    if (m_context.group || m_state.halvings >= kHalvingLimit || m_state.batch < 4)
        return tl::unexpected<Error>(error);
    ++m_state.halvings;
    m_state.batch /= 2;
    log::warning("out of memory: batch of " + std::to_string(m_state.batch));
    return {};
}

Status TrainJob::endEpoch()
{
    ++m_state.epoch;
    m_state.lastLoss =
        m_state.weightSum > 0 ? std::optional<double>(m_state.lossSum / m_state.weightSum) : std::nullopt;
    if (isValidated()) {
        m_state.stage = TrainStage::validating;
        return {};
    }
    FOVEATE_CHECK(logEpoch());
    m_boundary = true;
    return m_state.epoch >= lastEpoch() ? finishTraining() : Status();
}

Result<Step> TrainJob::validationStep()
{
    const ValidationResult result =
        validate(m_network, m_batches, m_set.validation, m_set.sides, m_context.group.get());
    ++m_state.step;
    FOVEATE_CHECK(judge(result.loss, result.accuracy));
    return Step::more;
}

/// Early stopping: keeps the best weights, stops after `patience` epochs without better ones; the first epochs do not
/// count.
Status TrainJob::judge(double validationLoss, double validationAccuracy)
{
    const bool finite = std::isfinite(validationLoss);
    const double watched = m_options.watch == "accuracy" ? 1 - validationAccuracy : validationLoss;
    m_state.lastValidationLoss = finite ? std::optional<double>(validationLoss) : std::nullopt;
    const bool counts = m_state.epoch >= m_options.judgeFrom;
    if (counts && finite && (!m_state.bestLoss || watched < *m_state.bestLoss)) {
        m_state.bestLoss = watched;
        m_state.bestEpoch = m_state.epoch;
        m_state.waited = 0;
        m_best = copyOf(m_network.state());
    } else if (counts) {
        ++m_state.waited;
    }
    m_state.stage = TrainStage::training;
    FOVEATE_CHECK(logEpoch());
    m_boundary = true;
    return m_state.waited >= m_options.patience || m_state.epoch >= lastEpoch() ? stopEarly() : Status();
}

/// From the best weights a few epochs on all labels: a fifth of few labels is too much to leave unused.
Status TrainJob::stopEarly()
{
    if (joinEpochs() == 0)
        return finishTraining();
    if (!m_best.empty())
        FOVEATE_CHECK(m_network.load(m_best));
    m_best.clear();
    m_state.lastValidationLoss.reset();
    m_state.joined = m_state.epoch;
    return {};
}

Status TrainJob::logEpoch() const
{
    nlohmann::json line = {{"epoch", m_state.epoch},
                           {"step", m_state.step},
                           {"loss", m_state.lastLoss ? nlohmann::json(*m_state.lastLoss) : nlohmann::json()},
                           {"accuracy", m_state.seen > 0 ? double(m_state.correct) / double(m_state.seen) : 0.0},
                           {"learning_rate", rate()}};
    if (m_state.lastValidationLoss)
        line["val_loss"] = *m_state.lastValidationLoss;
    return m_context.logMetrics(line);
}

/// The best weights (or the last) are published, then all samples are scored by them.
Status TrainJob::finishTraining()
{
    if (!m_best.empty())
        FOVEATE_CHECK(m_network.load(m_best));
    m_best.clear();
    m_state.stage = TrainStage::scoring;
    return {};
}

Result<Step> TrainJob::scoringStep()
{
    if (!m_scoring) {
        if (!m_network.isFinite())
            return fail(Code::nonFinite, {"weights"});
        FOVEATE_CHECK(
            writeSafetensors(m_context.folder + "/weights.safetensors", {m_network.state(), toMetadata(m_info)}));
        m_scoring = std::make_unique<Scoring>(m_network, m_batches, rowsOf(m_context.snapshot));
        return Step::more;
    }
    FOVEATE_TRY(const Step step, m_scoring->step());
    if (step == Step::done)
        FOVEATE_CHECK(m_scoring->write(m_context.folder));
    return step;
}

Result<Step> TrainJob::step()
{
    if (m_boundary) {
        m_boundary = false;
        if (m_state.stage == TrainStage::training) {
            chooseSamples();
            m_state.beginEpoch();
        }
    }
    return guarded([this]() -> Result<Step> {
        switch (m_state.stage) {
        case TrainStage::training:
            if (m_state.epoch >= lastEpoch())
                FOVEATE_CHECK(finishTraining());
            return m_state.stage == TrainStage::training ? trainingStep() : Step::more;
        case TrainStage::validating: return validationStep();
        case TrainStage::scoring: break;
        }
        return scoringStep();
    });
}

/// The first rank scores alone.
bool TrainJob::isShared() const
{
    return m_state.stage != TrainStage::scoring &&
           (m_state.stage != TrainStage::training || m_state.epoch < lastEpoch());
}

std::size_t TrainJob::steps(std::size_t n) const
{
    std::size_t count = 0;
    for (std::size_t position = 0; position < n; ++count)
        position = batchEnd(position, n, std::size_t(m_state.batch));
    return count;
}

/// Work in forward passes of one image; a training pass costs about three.
double TrainJob::workDone() const
{
    const double epoch = 3.0 * m_options.views * double(m_set.training.size()) + double(m_set.validation.size());
    if (m_state.stage == TrainStage::scoring)
        return epoch * m_options.epochs + double(m_scoring ? m_scoring->done() : 0);
    return epoch * m_state.epoch + 3.0 * double(m_boundary ? 0 : m_state.position);
}

double TrainJob::workTotal() const
{
    const double epoch = 3.0 * m_options.views * double(m_set.training.size()) + double(m_set.validation.size());
    return epoch * m_options.epochs + double(m_context.snapshot.samples.size());
}

Progress TrainJob::progress() const
{
    Progress progress;
    progress.job = "train";
    const bool scoring = m_state.stage == TrainStage::scoring;
    progress.stage = scoring ? "scoring" : "epoch";
    const auto perEpoch =
        std::int64_t(steps(m_set.training.size() * std::size_t(m_options.views)) + (m_set.validation.empty() ? 0 : 1));
    progress.step = scoring ? (m_scoring ? m_scoring->done() : 0) : m_state.step;
    progress.of = scoring ? std::int64_t(m_context.snapshot.samples.size()) : perEpoch * m_options.epochs;
    progress.seconds = secondsSince(m_start);
    progress.remaining = workDone() > 0 ? progress.seconds * (workTotal() / workDone() - 1) : -1;
    progress.metrics = {{"epoch", m_state.epoch}, {"epochs", m_options.epochs}};
    if (m_state.lastLoss)
        progress.metrics.emplace_back("loss", *m_state.lastLoss);
    if (m_state.seen > 0)
        progress.metrics.emplace_back("accuracy", double(m_state.correct) / double(m_state.seen));
    if (m_state.lastValidationLoss)
        progress.metrics.emplace_back("val_loss", *m_state.lastValidationLoss);
    if (m_secondsTrained > 0)
        progress.metrics.emplace_back("images_per_second", double(m_imagesTrained) / m_secondsTrained);
    return progress;
}

Result<std::optional<Checkpoint>> TrainJob::checkpoint() const
{
    Checkpoint checkpoint;
    checkpoint.step = m_state.step;
    checkpoint.weights = m_network.state();
    for (const auto& [name, tensor] : m_best)
        checkpoint.weights[kBest + name] = tensor;
    checkpoint.optimiser = m_tuner.optimiser().state();
    checkpoint.state = toJson(m_state);
    checkpoint.state["boundary"] = m_boundary;
    return checkpoint;
}

Status TrainJob::restore(const Checkpoint& checkpoint)
{
    FOVEATE_TRY(TrainState state, trainStateFromJson(checkpoint.state));
    TensorMap weights;
    TensorMap best;
    const std::string prefix = kBest;
    for (const auto& [name, tensor] : checkpoint.weights) {
        if (name.rfind(prefix, 0) == 0)
            best[name.substr(prefix.size())] = tensor;
        else
            weights[name] = tensor;
    }
    FOVEATE_CHECK(m_network.load(weights));
    FOVEATE_CHECK(m_tuner.optimiser().load(checkpoint.optimiser));
    m_best = std::move(best);
    m_state = state;
    m_boundary = checkpoint.state.value("boundary", false);
    chooseSamples();
    if (m_state.position > m_order.size() && !m_boundary)
        return fail(Code::corrupt, {"state.json", "position"});
    return {};
}

nlohmann::json TrainJob::resolvedOptions() const
{
    TrainOptions resolved = m_options;
    resolved.size = m_info.size;
    nlohmann::json json = toJson(resolved);
    json["augment"] = augment::toJson(m_preset);
    return json;
}

nlohmann::json TrainJob::result() const
{
    const auto orNull = [](const std::optional<double>& value) {
        return value ? nlohmann::json(*value) : nlohmann::json();
    };
    return {{"job", "train"},
            {"labels", m_set.training.size() + m_set.validation.size()},
            {"validation", m_set.validation.size()},
            {"class_weights", m_info.multiLabel ? m_set.sides.present : m_set.classWeights},
            {"epochs", m_state.epoch},
            {"best_epoch", m_state.bestEpoch > 0 ? m_state.bestEpoch : m_state.epoch},
            {"loss", orNull(m_state.lastLoss)},
            {"val_loss", m_options.watch == "loss" ? orNull(m_state.bestLoss) : nlohmann::json()},
            {"skipped_steps", m_state.skipped},
            {"returns", m_state.returns},
            {"batch", m_state.batch},
            {"images_per_second", m_secondsTrained > 0 ? double(m_imagesTrained) / m_secondsTrained : 0.0}};
}

} // namespace

Result<std::unique_ptr<RunJob>> makeTrainJob(RunContext context)
{
    FOVEATE_TRY(const TrainOptions options, trainOptionsFromJson(context.snapshot.options));
    FOVEATE_TRY(ModelInfo info, chooseModel(context, options));
    FOVEATE_TRY(augment::Preset preset, choosePreset(options, info.channels));
    FOVEATE_TRY(TrainSet set, makeTrainSet(context.snapshot, options));
    FOVEATE_CHECK(
        context.checkShares(std::min(set.training.size() * std::size_t(options.views), std::size_t(options.batch))));
    FOVEATE_TRY(PackBatches batches,
                PackBatches::create(context.pack, rowsOf(context.snapshot), info.size, info.normalisation,
                                    context.capability.threads, deviceOf(context.capability)));
    FOVEATE_TRY(Network network, makeNetwork(context, options, info));
    return std::unique_ptr<RunJob>(std::make_unique<TrainJob>(std::move(context), options, std::move(info),
                                                              std::move(set), std::move(batches), std::move(network),
                                                              std::move(preset)));
}

} // namespace foveate::learn
