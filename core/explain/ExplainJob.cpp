// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/ExplainJob.h"

#include "base/AtomicFile.h"
#include "base/Npy.h"
#include "explain/ExplainOptions.h"
#include "explain/Regions.h"
#include "learn/Exceptions.h"
#include "learn/TrainedNetwork.h"

#include <algorithm>
#include <chrono>

namespace foveate::explain {
namespace {

using nlohmann::json;

template <typename T> Status writePlane(const std::string& path, const at::Tensor& plane)
{
    const at::Tensor plain = plane.contiguous();
    const std::span<const T> data(plain.const_data_ptr<T>(), std::size_t(plain.numel()));
    return writeNpy<T>(path, {std::size_t(plain.size(0)), std::size_t(plain.size(1))}, data);
}

json toJson(const Region& region)
{
    return {{"box", {region.box.y, region.box.x, region.box.height, region.box.width}}, {"share", region.share}};
}

class ExplainJob : public learn::RunJob {
public:
    ExplainJob(learn::RunContext context, learn::PackBatches batches, Explainer explainer, ExplainOptions options)
        : m_context(std::move(context)), m_batches(std::move(batches)), m_explainer(std::move(explainer)),
          m_options(std::move(options))
    {}
    Result<Step> step() override;
    Progress progress() const override;
    /// Nothing to keep: maps that are written stay, and a killed run starts again.
    Result<std::optional<learn::Checkpoint>> checkpoint() const override { return std::nullopt; }
    Status restore(const learn::Checkpoint&) override { return {}; }
    json resolvedOptions() const override;
    json result() const override;
    bool atBoundary() const override { return false; }

private:
    Status explainNext();
    Result<json> written(const ExplainOptions::Wanted& sample, const Explanation& made, std::size_t i) const;
    Status addRegions(json& item, const std::string& stem, const at::Tensor& image, const Question& question,
                      const Region& primary) const;
    Status addRobustness(json& item, const at::Tensor& image, const Question& question, const Region& primary) const;

    learn::RunContext m_context;
    learn::PackBatches m_batches;
    Explainer m_explainer;
    ExplainOptions m_options;
    std::size_t m_done = 0;
    json m_list = json::array();
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

Status ExplainJob::addRegions(json& item, const std::string& stem, const at::Tensor& image, const Question& question,
                              const Region& primary) const
{
    FOVEATE_TRY(const SecondLook second, secondLook(m_explainer, image, question, primary));
    const at::Tensor both = second.region.mask.to(at::kByte).mul_(2).masked_fill_(primary.mask, 1);
    FOVEATE_CHECK(writePlane<std::uint8_t>(m_context.folder + "/" + stem + "-regions.npy", both));
    item["regions"] = stem + "-regions.npy";
    item["primary"] = toJson(primary);
    item["secondary"] = toJson(second.region);
    return {};
}

Status ExplainJob::addRobustness(json& item, const at::Tensor& image, const Question& question,
                                 const Region& primary) const
{
    FOVEATE_TRY(const Robustness seen, robustness(m_explainer, image, question, primary, m_options.robustness));
    item["robustness"] = {{"trials", seen.trials}, {"overlap", seen.overlap}, {"class_agreement", seen.classAgreement}};
    return {};
}

Result<json> ExplainJob::written(const ExplainOptions::Wanted& sample, const Explanation& made, std::size_t i) const
{
    const at::Tensor map = made.map[std::int64_t(i)];
    const std::string stem = "maps/" + sample.id + "-" + std::string(name(m_options.question.method)) + "-" +
                             std::to_string(made.classes[i]);
    FOVEATE_CHECK(writePlane<float>(m_context.folder + "/" + stem + ".npy", map));
    json item{{"id", sample.id},
              {"row", sample.row},
              {"class", made.classes[i]},
              {"map", stem + ".npy"},
              {"low", map.min().item<float>()},
              {"high", map.max().item<float>()},
              {"evidence", bool(made.evidence[i])},
              {"lost", made.lost[i]}};
    if (!m_options.regions && m_options.robustness == 0 && m_options.question.method != Method::randomOcclusion)
        return item;
    const at::Tensor image = m_batches.batch(std::span(&sample.row, 1));
    Question question = m_options.question;
    question.classIndex = made.classes[i];
    const Region primary = regionOf(map);
    if (m_options.regions)
        FOVEATE_CHECK(addRegions(item, stem, image, question, primary));
    if (m_options.question.method == Method::randomOcclusion) {
        FOVEATE_TRY(const UnderBoxes seen, underBoxes(m_explainer, image, question));
        item["under_boxes"] = {{"overlap", seen.overlap}, {"class_kept", seen.classKept}};
    }
    if (m_options.robustness > 0)
        FOVEATE_CHECK(addRobustness(item, image, question, primary));
    return item;
}

Status ExplainJob::explainNext()
{
    const std::size_t batch = std::size_t(Explainer::batchFor(m_options.question.method, m_batches.size()));
    const std::size_t end = std::min(m_done + batch, m_options.samples.size());
    std::vector<std::int64_t> rows;
    for (std::size_t i = m_done; i < end; ++i)
        rows.push_back(m_options.samples[i].row);
    FOVEATE_TRY(const Explanation made, m_explainer.explain(m_batches.batch(rows), m_options.question));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        FOVEATE_TRY(json item, written(m_options.samples[m_done + i], made, i));
        m_list.push_back(std::move(item));
    }
    m_done = end;
    return {};
}

Result<Step> ExplainJob::step()
{
    return learn::guarded([this]() -> Result<Step> {
        if (m_done == 0)
            FOVEATE_CHECK(makeFolder(m_context.folder + "/maps"));
        if (m_done < m_options.samples.size())
            FOVEATE_CHECK(explainNext());
        if (m_done < m_options.samples.size())
            return Step::more;
        FOVEATE_CHECK(writeFileAtomically(m_context.folder + "/maps.json", m_list.dump() + "\n"));
        return Step::done;
    });
}

Progress ExplainJob::progress() const
{
    Progress progress;
    progress.job = "explain";
    progress.stage = std::string(name(m_options.question.method));
    progress.step = std::int64_t(m_done);
    progress.of = std::int64_t(m_options.samples.size());
    progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    if (m_done > 0)
        progress.remaining = progress.seconds * (double(progress.of) / double(m_done) - 1);
    return progress;
}

json ExplainJob::resolvedOptions() const
{
    json options = explain::toJson(m_options);
    options["size"] = m_batches.size();
    return options;
}

json ExplainJob::result() const
{
    return {{"job", "explain"}, {"method", name(m_options.question.method)}, {"maps", m_done}};
}

} // namespace

Result<std::unique_ptr<learn::RunJob>> makeExplainJob(learn::RunContext context)
{
    FOVEATE_TRY(learn::TrainedNetwork trained, learn::openTrainedNetwork(context, true));
    FOVEATE_TRY(ExplainOptions options, explainOptions(context.snapshot, trained.network.classes()));
    FOVEATE_TRY(Explainer explainer, Explainer::create(trained.network, trained.info.normalisation, options.rules));
    return std::unique_ptr<learn::RunJob>(std::make_unique<ExplainJob>(std::move(context), std::move(trained.batches),
                                                                       std::move(explainer), std::move(options)));
}

} // namespace foveate::explain
