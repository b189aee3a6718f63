// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Booking.h"

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

void addRows(std::vector<store::MetricRow>& rows, const Evaluation& evaluation, std::string_view side)
{
    for (const auto& [metric, value] : evaluation.values) {
        store::MetricRow row{std::string(side), metric, value, {}, {}, evaluation.labels};
        if (const auto interval = evaluation.intervals.find(metric); interval != evaluation.intervals.end()) {
            row.low = interval->second.low;
            row.high = interval->second.high;
        }
        rows.push_back(std::move(row));
    }
}

Result<std::vector<store::MetricRow>> trainingMetrics(const KnownImages& known, const RunInfo& run)
{
    std::vector<store::MetricRow> rows;
    for (const Split split : {Split::val, Split::test}) {
        const auto evaluation = evaluateRun(known, run, split, known.seed);
        if (!evaluation && evaluation.error().code == Code::needsLabels)
            continue;
        if (!evaluation)
            return tl::unexpected(evaluation.error());
        addRows(rows, *evaluation, name(split));
    }
    return rows;
}

Result<std::vector<store::MetricRow>> crossValidatedMetrics(const KnownImages& known, const RunInfo& run)
{
    FOVEATE_TRY(const Evaluation evaluation, evaluateCrossValidation(run, known.seed));
    std::vector<store::MetricRow> rows;
    addRows(rows, evaluation, kCrossValidated);
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

Result<std::vector<store::ScoreRow>> scoresOf(const KnownImages& known, const RunInfo& run)
{
    FOVEATE_TRY(const RunArrays arrays, readRunArrays(run.folder));
    std::unordered_map<std::int64_t, std::string> ids;
    for (const store::Sample& sample : known.samples)
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

Result<Booking> bookingOf(const KnownImages& known, const RunInfo& run)
{
    Booking booking;
    booking.row.run = run.id;
    booking.row.job = run.job;
    booking.row.finished = isoTimeUtc();
    booking.row.labels = run.labels;
    booking.row.parent = run.parent;
    booking.row.detail = nlohmann::json{{"model", run.model}, {"method", run.method}}.dump();
    if (run.job == "simulate") {
        FOVEATE_TRY(booking.metrics, simulationMetrics(run));
    } else if (run.job == "crossval") {
        FOVEATE_TRY(booking.metrics, crossValidatedMetrics(known, run));
    } else if (run.hasProbabilities) {
        FOVEATE_TRY(booking.metrics, trainingMetrics(known, run));
        FOVEATE_TRY(booking.scores, scoresOf(known, run));
    }
    return booking;
}

/// A run whose arrays are damaged must not keep the project shut: it stays unbooked, and verify names it.
bool isOfTheRun(const Error& error)
{
    return error.code == Code::corrupt || error.code == Code::notFound || error.code == Code::badInput ||
           error.code == Code::wrongShape;
}

} // namespace

Result<Unbooked> unbookedRuns(Project& project)
{
    Unbooked unbooked;
    if (project.readOnly())
        return unbooked;
    for (const RunInfo& run : listRuns(project.runsFolder())) {
        if (!run.finished)
            continue;
        FOVEATE_TRY(const bool booked, project.study().index().isBooked(run.id));
        if (!booked)
            unbooked.runs.push_back(run);
    }
    if (!unbooked.runs.empty()) {
        FOVEATE_TRY(unbooked.known, knownImages(project));
    }
    return unbooked;
}

Result<std::vector<Booking>> bookingsOf(const Unbooked& unbooked)
{
    std::vector<Booking> bookings;
    for (const RunInfo& run : unbooked.runs) {
        auto booking = bookingOf(unbooked.known, run);
        if (booking)
            bookings.push_back(std::move(*booking));
        else if (!isOfTheRun(booking.error()))
            return tl::unexpected(booking.error());
    }
    return bookings;
}

Result<std::vector<std::string>> book(Project& project, const std::vector<Booking>& bookings)
{
    std::vector<std::string> booked;
    for (const Booking& booking : bookings) {
        FOVEATE_CHECK(project.study().index().book(booking.row, booking.metrics, booking.scores));
        booked.push_back(booking.row.run);
    }
    return booked;
}

Result<std::vector<std::string>> bookFinishedRuns(Project& project)
{
    FOVEATE_TRY(const Unbooked unbooked, unbookedRuns(project));
    FOVEATE_TRY(const std::vector<Booking> bookings, bookingsOf(unbooked));
    return book(project, bookings);
}

Status rebuildIndex(Project& project)
{
    FOVEATE_TRY(const KnownImages known, knownImages(project));
    return store::rebuildIndex(project.study(), [&](const std::string& runFolder, store::IndexStore& index) -> Status {
        const std::string id = std::filesystem::path(runFolder).filename().string();
        for (const RunInfo& run : listRuns(project.runsFolder())) {
            if (run.id != id)
                continue;
            FOVEATE_TRY(const Booking booking, bookingOf(known, run));
            return index.book(booking.row, booking.metrics, booking.scores);
        }
        return {};
    });
}

} // namespace foveate::session
