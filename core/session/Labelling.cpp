// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Labelling.h"

#include "session/ReadingJobs.h"
#include "session/Table.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace foveate::session {
namespace {

constexpr const char* kOracle = "oracle";

/// What a label from outside the window says about the reading: nothing of the model was shown.
std::string headless(const Project& project)
{
    return nlohmann::json{
        {"policy", project.file().policy}, {"overlay", false}, {"prediction", false}, {"window", false}}
        .dump();
}

Status labelOne(Project& project, const std::string& id, int label, const std::string& reader, std::int64_t batch,
                LabelReport& report, const Acknowledge& acknowledge)
{
    store::Study& study = project.study();
    FOVEATE_TRY(const store::Sample sample, study.sample(id));
    store::Event event;
    FOVEATE_TRY(const store::EventKind kind, study.kindFor(id, reader));
    event.kind = kind;
    event.reader = reader;
    event.sample = id;
    event.classIndex = label;
    event.imageSha = hex(sample.pixelSha);
    event.visible = headless(project);
    event.batch = batch;
    FOVEATE_CHECK(study.append(std::move(event)));
    ++(kind == store::EventKind::revise ? report.revised : report.labelled);
    if (acknowledge)
        acknowledge(id, label);
    return {};
}

struct Row {
    std::string id;
    std::string label;
};

Result<std::vector<Row>> rowsOf(const std::string& path)
{
    FOVEATE_TRY(const Table table, readTable(path));
    const auto id = table.column({"id"});
    const auto label = table.column({"label", "class"});
    if (!id || !label)
        return fail(Code::badInput, {path, "no columns id and label"});
    std::set<std::string> seen;
    std::vector<Row> rows;
    for (const auto& row : table.rows) {
        if (!seen.insert(row[*id]).second)
            return fail(Code::badInput, {path, "an id stands twice"});
        rows.push_back({row[*id], row[*label]});
    }
    return rows;
}

/// Closes the batches of which nothing is left to be read, as the window does at their last image.
Status closeReadBatches(Project& project, const std::string& reader)
{
    FOVEATE_TRY(const auto queue, project.study().queue());
    std::set<std::string> waiting;
    for (const store::QueueItem& item : queue)
        waiting.insert(item.sample);
    FOVEATE_TRY(const auto batches, project.study().batches());
    for (const store::Batch& open : batches) {
        if (!open.closed.empty())
            continue;
        FOVEATE_TRY(const store::Batch batch, project.study().batch(open.id));
        const bool left = std::any_of(batch.items.begin(), batch.items.end(),
                                      [&](const store::BatchItem& item) { return waiting.contains(item.sample); });
        if (!left && !batch.items.empty())
            FOVEATE_CHECK(closeBatch(project, batch.id, reader));
    }
    return {};
}

/// Whether an error concerns one row only.
bool ofTheRow(const Error& error)
{
    return error.code == Code::notFound || error.code == Code::usage || error.code == Code::damaged;
}

} // namespace

Result<LabelReport> labelFromTable(Project& project, const std::string& path, const std::string& reader,
                                   const Acknowledge& acknowledge)
{
    FOVEATE_TRY(const auto rows, rowsOf(path));
    const LabelScheme labels = project.file().labels();
    LabelReport report;
    for (const Row& row : rows) {
        const auto label = labels.fromText(row.label);
        if (!label || row.label.empty()) {
            report.failed.push_back(Error{Code::notFound, {"class", row.label}});
            continue;
        }
        const Status done = labelOne(project, row.id, *label, reader, 0, report, acknowledge);
        if (!done && !ofTheRow(done.error()))
            return tl::unexpected(done.error());
        if (!done)
            report.failed.push_back(done.error());
    }
    FOVEATE_CHECK(closeReadBatches(project, reader));
    return report;
}

Result<LabelReport> labelByOracle(Project& project, std::int64_t count, const Acknowledge& acknowledge)
{
    FOVEATE_TRY(const auto truth, project.study().hiddenTruth());
    if (truth.empty())
        return fail(Code::noTruth);
    const std::unordered_map<std::string, int> byId(truth.begin(), truth.end());
    FOVEATE_TRY(const auto queue, project.study().queue());
    LabelReport report;
    for (const store::QueueItem& item : queue) {
        if (count >= 0 && report.labelled + report.revised >= count)
            break;
        const auto known = byId.find(item.sample);
        if (known != byId.end())
            FOVEATE_CHECK(labelOne(project, item.sample, known->second, kOracle, item.batch, report, acknowledge));
    }
    FOVEATE_CHECK(closeReadBatches(project, kOracle));
    return report;
}

} // namespace foveate::session
