// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/ExplainJob.h"

#include "base/AtomicFile.h"
#include "base/Npy.h"
#include "explain/GradCam.h"
#include "learn/Exceptions.h"
#include "learn/TrainedNetwork.h"

#include <algorithm>
#include <chrono>

namespace foveate::explain {
namespace {

using nlohmann::json;

constexpr std::size_t kBatch = 8;

struct Wanted {
    std::string id;
    std::int64_t row = 0;
};

struct ExplainOptions {
    int classIndex = -1; ///< −1: the predicted one
    std::vector<Wanted> samples;
};

class ExplainJob : public learn::RunJob {
public:
    ExplainJob(learn::RunContext context, learn::TrainedNetwork trained, ExplainOptions options)
        : m_context(std::move(context)), m_trained(std::move(trained)), m_options(std::move(options))
    {}
    Result<Step> step() override;
    Progress progress() const override;
    /// Nothing to keep: maps that are written stay, and a killed run starts again.
    Status save() override { return {}; }
    Status restore(const learn::Checkpoint&) override { return {}; }
    json resolvedOptions() const override;
    json result() const override;
    bool atBoundary() const override { return false; }

private:
    Status explainNext();
    Status writeMap(const Wanted& sample, const at::Tensor& map, int classIndex, bool evidence);

    learn::RunContext m_context;
    learn::TrainedNetwork m_trained;
    ExplainOptions m_options;
    std::size_t m_done = 0;
    json m_list = json::array();
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

Status ExplainJob::writeMap(const Wanted& sample, const at::Tensor& map, int classIndex, bool evidence)
{
    const std::string file = "maps/" + sample.id + "-gradcam-" + std::to_string(classIndex) + ".npy";
    const std::span<const float> data(map.const_data_ptr<float>(), std::size_t(map.numel()));
    FOVEATE_CHECK(
        writeNpy<float>(m_context.folder + "/" + file, {std::size_t(map.size(0)), std::size_t(map.size(1))}, data));
    m_list.push_back({{"id", sample.id},
                      {"row", sample.row},
                      {"class", classIndex},
                      {"map", file},
                      {"low", map.min().item<float>()},
                      {"high", map.max().item<float>()},
                      {"evidence", evidence}});
    return {};
}

Status ExplainJob::explainNext()
{
    const std::size_t end = std::min(m_done + kBatch, m_options.samples.size());
    std::vector<std::int64_t> rows;
    for (std::size_t i = m_done; i < end; ++i)
        rows.push_back(m_options.samples[i].row);
    FOVEATE_TRY(const GradCam cam, gradCam(m_trained.network, m_trained.batches.batch(rows), m_options.classIndex));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const at::Tensor map = cam.map[std::int64_t(i)].contiguous();
        FOVEATE_CHECK(writeMap(m_options.samples[m_done + i], map, cam.classes[i], cam.evidence[i]));
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
    progress.stage = "gradcam";
    progress.step = std::int64_t(m_done);
    progress.of = std::int64_t(m_options.samples.size());
    progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    if (m_done > 0)
        progress.remaining = progress.seconds * (double(progress.of) / double(m_done) - 1);
    return progress;
}

json ExplainJob::resolvedOptions() const
{
    return {{"method", "gradcam"},
            {"class", m_options.classIndex < 0 ? json("predicted") : json(m_options.classIndex)},
            {"size", m_trained.info.size}};
}

json ExplainJob::result() const
{
    return {{"job", "explain"}, {"method", "gradcam"}, {"maps", m_done}};
}

Result<int> readClass(const json& options, std::size_t classes)
{
    const json value = options.value("class", json("predicted"));
    if (value == json("predicted"))
        return -1;
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0 ||
        value.get<std::int64_t>() >= std::int64_t(classes))
        return fail(Code::usage, {"class"});
    return value.get<int>();
}

Result<std::vector<Wanted>> readRows(const json& options, const Snapshot& snapshot)
{
    const json rows = options.value("rows", json::array());
    if (!rows.is_array() ||
        !std::all_of(rows.begin(), rows.end(), [](const json& row) { return row.is_number_integer(); }))
        return fail(Code::usage, {"rows"});
    std::vector<Wanted> wanted;
    for (const SnapshotSample& sample : snapshot.samples) {
        if (!options.contains("rows") || std::find(rows.begin(), rows.end(), json(sample.row)) != rows.end())
            wanted.push_back({sample.id, sample.row});
    }
    if (options.contains("rows") && wanted.size() != rows.size())
        return fail(Code::notFound, {"row", rows.dump()});
    return wanted;
}

} // namespace

Result<std::unique_ptr<learn::RunJob>> makeExplainJob(learn::RunContext context)
{
    const json& options = context.snapshot.options;
    if (options.value("method", json("gradcam")) != json("gradcam"))
        return fail(Code::usage, {"method"});
    FOVEATE_TRY(learn::TrainedNetwork trained, learn::openTrainedNetwork(context, true));
    ExplainOptions chosen;
    FOVEATE_TRY(chosen.classIndex, readClass(options, trained.info.classes.size()));
    FOVEATE_TRY(chosen.samples, readRows(options, context.snapshot));
    return std::unique_ptr<learn::RunJob>(
        std::make_unique<ExplainJob>(std::move(context), std::move(trained), std::move(chosen)));
}

} // namespace foveate::explain
