// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Runs.h"

#include "base/AtomicFile.h"
#include "base/Text.h"
#include "session/Evaluation.h"
#include "session/Selection.h"
#include "session/Simulation.h"
#include "store/Verify.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <unordered_map>

namespace foveate::session {
namespace {

constexpr std::size_t kLargestRows = std::size_t(256) << 20;

Result<std::vector<store::MetricRow>> trainingMetrics(Project& project, const RunInfo& run)
{
    std::vector<store::MetricRow> rows;
    for (const Split split : {Split::val, Split::test}) {
        const auto evaluation = evaluateRun(project, run, split, project.file().seed);
        if (!evaluation && evaluation.error().code == Code::needsLabels)
            continue;
        if (!evaluation)
            return tl::unexpected(evaluation.error());
        for (const auto& [metric, value] : evaluation->values) {
            store::MetricRow row{std::string(name(split)), metric, value, {}, {}, run.labels};
            if (const auto interval = evaluation->intervals.find(metric); interval != evaluation->intervals.end()) {
                row.low = interval->second.low;
                row.high = interval->second.high;
            }
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

/// Entropy in nats: the doubt by which the window sorts.
double entropyOf(const float* probabilities, std::size_t classes)
{
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c)
        if (probabilities[c] > 0)
            sum -= double(probabilities[c]) * std::log(double(probabilities[c]));
    return sum;
}

Result<std::vector<store::ScoreRow>> scoresOf(Project& project, const RunInfo& run)
{
    FOVEATE_TRY(const RunArrays arrays, readRunArrays(run.folder));
    FOVEATE_TRY(const auto samples, project.study().samples());
    std::unordered_map<std::int64_t, std::string> ids;
    for (const store::Sample& sample : samples)
        ids.emplace(sample.packRow, sample.id);
    const std::size_t classes = arrays.probabilities.shape.empty() ? 0 : arrays.probabilities.columns();
    std::vector<store::ScoreRow> rows;
    for (std::size_t i = 0; classes > 0 && i < arrays.rows.size(); ++i) {
        const auto id = ids.find(arrays.rows[i]);
        if (id == ids.end())
            continue;
        const float* p = arrays.probabilities.data.data() + i * classes;
        const auto top = std::max_element(p, p + classes);
        rows.push_back({id->second, entropyOf(p, classes), int(top - p), double(*top)});
    }
    return rows;
}

/// The figures of a simulation: its mean curve.
Result<std::vector<store::MetricRow>> simulationMetrics(const RunInfo& run)
{
    FOVEATE_TRY(const std::string text, readFile(run.folder + "/rows.json", kLargestRows));
    FOVEATE_TRY(const auto rows, simulationRows(text));
    std::vector<store::MetricRow> metrics;
    for (const SimulationPoint& point : summarise(rows))
        metrics.push_back({"rounds", point.strategy + '.' + point.metric, point.mean, point.mean - point.spread,
                           point.mean + point.spread, point.labels});
    return metrics;
}

Status book(Project& project, const RunInfo& run, store::IndexStore& index)
{
    store::RunRow row;
    row.run = run.id;
    row.job = run.job;
    row.finished = isoTimeUtc();
    row.labels = run.labels;
    row.parent = run.parent;
    row.detail = nlohmann::json{{"model", run.model}, {"method", run.method}}.dump();
    std::vector<store::MetricRow> metrics;
    std::vector<store::ScoreRow> scores;
    if (run.job == "simulate") {
        FOVEATE_TRY(metrics, simulationMetrics(run));
    } else if (run.hasProbabilities) {
        FOVEATE_TRY(metrics, trainingMetrics(project, run));
        FOVEATE_TRY(scores, scoresOf(project, run));
    }
    return index.book(row, metrics, scores);
}

} // namespace

Result<std::vector<std::string>> bookFinishedRuns(Project& project)
{
    std::vector<std::string> booked;
    if (project.readOnly())
        return booked;
    store::IndexStore& index = project.study().index();
    for (const RunInfo& run : listRuns(project.runsFolder())) {
        if (!run.finished)
            continue;
        FOVEATE_TRY(const bool known, index.isBooked(run.id));
        if (known)
            continue;
        // A run whose arrays are damaged must not keep the project shut: it stays unbooked, and
        // verify names it.
        if (const Status done = book(project, run, index); done)
            booked.push_back(run.id);
        else if (done.error().code != Code::corrupt && done.error().code != Code::notFound &&
                 done.error().code != Code::badInput && done.error().code != Code::wrongShape)
            return tl::unexpected(done.error());
    }
    return booked;
}

Status rebuildIndex(Project& project)
{
    return store::rebuildIndex(project.study(), [&](const std::string& runFolder, store::IndexStore& index) -> Status {
        const std::string id = std::filesystem::path(runFolder).filename().string();
        for (const RunInfo& run : listRuns(project.runsFolder()))
            if (run.id == id)
                return book(project, run, index);
        return {};
    });
}

} // namespace foveate::session
