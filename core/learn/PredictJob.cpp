// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/PredictJob.h"

#include "base/Npy.h"
#include "learn/Exceptions.h"
#include "learn/McDropout.h"
#include "learn/Scoring.h"
#include "learn/TrainedNetwork.h"

#include <c10/core/InferenceMode.h>
#include <chrono>

namespace foveate::learn {
namespace {

constexpr int kPassLimit = 10000;
constexpr double kDropout = .5; ///< before the head (methods.md §1)

class PredictJob : public RunJob {
public:
    PredictJob(RunContext context, TrainedNetwork trained, int passes)
        : m_context(std::move(context)), m_trained(std::move(trained)), m_passes(passes),
          m_scoring(m_trained.network, m_trained.batches, m_trained.rows)
    {}
    Result<Step> step() override;
    Progress progress() const override;
    /// Nothing to keep: a killed pass starts again and takes seconds.
    Result<std::optional<Checkpoint>> checkpoint() const override { return std::nullopt; }
    Status restore(const Checkpoint&) override { return {}; }
    nlohmann::json resolvedOptions() const override { return {{"mc", m_passes}, {"size", m_trained.info.size}}; }
    nlohmann::json result() const override;
    bool atBoundary() const override { return false; }

private:
    double seconds() const;
    Status writeDropoutPasses() const;

    RunContext m_context;
    TrainedNetwork m_trained;
    int m_passes;
    Scoring m_scoring;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

double PredictJob::seconds() const
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
}

/// The trunk's features are at hand, so a pass is one mask and one matrix product.
Status PredictJob::writeDropoutPasses() const
{
    const c10::InferenceMode inference;
    const torch::nn::Linear& head = m_trained.network.head();
    const at::Tensor features = m_scoring.features().to(head->weight.device());
    std::vector<float> passes;
    for (int pass = 0; pass < m_passes; ++pass) {
        const at::Tensor mask =
            dropoutMask(features.size(0), features.size(1), kDropout, m_context.snapshot.seed, pass);
        const at::Tensor probabilities = dropoutPasses(features, head, mask.unsqueeze(0).to(features.device()),
                                                       kDropout, m_trained.network.multiLabel())
                                             .to(at::kCPU)
                                             .contiguous();
        passes.insert(passes.end(), probabilities.const_data_ptr<float>(),
                      probabilities.const_data_ptr<float>() + probabilities.numel());
    }
    const std::vector<std::size_t> shape = {std::size_t(m_passes), std::size_t(features.size(0)),
                                            std::size_t(m_trained.network.classes())};
    return writeNpy<float>(m_context.folder + "/mc.npy", shape, passes);
}

Result<Step> PredictJob::step()
{
    return guarded([this]() -> Result<Step> {
        FOVEATE_TRY(const Step step, m_scoring.step());
        if (step == Step::more)
            return step;
        FOVEATE_CHECK(m_scoring.write(m_context.folder));
        if (m_passes > 0)
            FOVEATE_CHECK(writeDropoutPasses());
        return step;
    });
}

Progress PredictJob::progress() const
{
    Progress progress;
    progress.job = m_context.snapshot.job;
    progress.stage = "scoring";
    progress.step = m_scoring.done();
    progress.of = m_scoring.total();
    progress.seconds = seconds();
    if (progress.step > 0) {
        progress.remaining = progress.seconds * (double(progress.of) / double(progress.step) - 1);
        progress.metrics = {{"images_per_second", double(progress.step) / progress.seconds}};
    }
    return progress;
}

nlohmann::json PredictJob::result() const
{
    return {{"job", m_context.snapshot.job},
            {"samples", m_scoring.total()},
            {"model", m_trained.info.model},
            {"classes", m_trained.info.classes}};
}

Result<int> readPasses(const nlohmann::json& options)
{
    for (const auto& item : options.items()) {
        if (item.key() != "mc" && item.key() != "size")
            return fail(Code::usage, {item.key()});
    }
    const nlohmann::json passes = options.value("mc", nlohmann::json(0));
    if (!passes.is_number_integer() || passes.get<std::int64_t>() < 0 || passes.get<std::int64_t>() > kPassLimit)
        return fail(Code::usage, {"mc"});
    return passes.get<int>();
}

} // namespace

Result<std::unique_ptr<RunJob>> makePredictJob(RunContext context)
{
    FOVEATE_TRY(const int passes, readPasses(context.snapshot.options));
    FOVEATE_TRY(TrainedNetwork trained, openTrainedNetwork(context, true));
    return std::unique_ptr<RunJob>(std::make_unique<PredictJob>(std::move(context), std::move(trained), passes));
}

} // namespace foveate::learn
