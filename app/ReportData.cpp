// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ReportData.h"

#include "app/Report.h"
#include "base/AtomicFile.h"
#include "base/Text.h"
#include "session/CrossValidation.h"
#include "session/Evaluation.h"
#include "session/References.h"
#include "session/Runs.h"

#include <algorithm>
#include <map>
#include <set>

namespace foveate::app {
namespace {

constexpr const char* kMetrics[] = {"accuracy", "auc", "balanced_accuracy", "f1_macro"};

Status write(const std::string& path, const ReportData& data)
{
    const QByteArray page = reportPage(data);
    return writeFileAtomically(path, std::string_view(page.constData(), std::size_t(page.size())));
}

Status fillSamples(ReportData& data, session::Project& project)
{
    FOVEATE_TRY(const std::vector<store::Sample> samples, project.study().samples());
    FOVEATE_TRY(const std::vector<store::Consensus> consensus, project.study().consensus());
    std::set<std::string> labelled;
    for (const store::Consensus& said : consensus)
        if (said.classIndex)
            labelled.insert(said.sample);
    std::map<Split, std::set<std::int64_t>> patients;
    std::map<Split, ReportSplit> sides;
    for (const store::Sample& sample : samples) {
        ReportSplit& side = sides[sample.split];
        side.name = name(sample.split);
        ++side.images;
        side.labelled += labelled.contains(sample.id) ? 1 : 0;
        patients[sample.split].insert(sample.patient);
        data.damaged += sample.state == store::SampleState::damaged ? 1 : 0;
    }
    for (auto& [split, side] : sides) {
        side.patients = int(patients[split].size());
        data.splits.push_back(side);
    }
    return {};
}

Status fillReaders(ReportData& data, session::Project& project)
{
    FOVEATE_TRY(const std::vector<store::ReaderCount> readers, project.study().readerCounts());
    for (const store::ReaderCount& reader : readers) {
        data.simulatedReader = data.simulatedReader || reader.reader == "oracle" || reader.reader == "simulated reader";
        data.readers.push_back({reader.reader,
                                int(reader.labels),
                                0,
                                int(reader.skips),
                                int(reader.unsure),
                                int(reader.ungradable),
                                double(reader.activeMs) / 1000,
                                {}});
    }
    FOVEATE_TRY(const store::Counts counts, project.study().counts());
    data.labelsPerClass.assign(counts.perClass.begin(), counts.perClass.end());
    return {};
}

ReportSeries seriesOf(const session::Curve& curve, const std::string& strategy, const char* metric)
{
    ReportSeries series;
    series.name = strategy;
    series.estimated = curve.basis == session::CurveBasis::crossValidated;
    for (const session::CurvePoint& point : curve.points) {
        const auto value = point.values.find(metric);
        if (value == point.values.end())
            continue;
        const auto band = point.intervals.find(metric);
        const session::Interval interval =
            band == point.intervals.end() ? session::Interval{value->second, value->second} : band->second;
        series.points.push_back({int(point.labels), value->second, interval.low, interval.high});
    }
    return series;
}

Status fillCurves(ReportData& data, session::Project& project)
{
    FOVEATE_TRY(const session::Curve curve, session::learningCurve(project));
    for (const char* metric : kMetrics) {
        ReportSeries series = seriesOf(curve, project.file().strategy, metric);
        if (!series.points.empty())
            data.curves.push_back(
                {metric, Report::tr("95 % interval, patients resampled").toStdString(), {std::move(series)}});
    }
    return {};
}

/// The rows of one side that have a reference, for score/.
Result<std::vector<session::ReferenceRow>> referenceRows(session::Project& project, Split split)
{
    FOVEATE_TRY(const session::References known, session::references(project));
    FOVEATE_TRY(const std::vector<store::Sample> samples, project.study().samples());
    std::vector<session::ReferenceRow> rows;
    for (const store::Sample& sample : samples)
        if (const auto reference = known.find(sample.id); sample.split == split && reference != known.end())
            rows.push_back({sample.packRow, sample.patient, reference->second});
    return rows;
}

Status evaluate(ReportData& data, session::Project& project, const std::string& run, const std::string& on,
                const score::Predictions& predictions)
{
    ReportEvaluation evaluation{run, on, {}, {}};
    FOVEATE_TRY(evaluation.metrics, score::metrics(predictions));
    FOVEATE_TRY(evaluation.intervals, score::bootstrap(predictions, project.file().seed));
    data.evaluation = std::move(evaluation);
    return {};
}

Status fillEvaluation(ReportData& data, session::Project& project)
{
    const auto run = session::chooseRun(project, session::Need::trained, "");
    if (!run || !*run)
        return {}; // nothing is trained yet
    for (const Split split : {Split::test, Split::val}) {
        FOVEATE_TRY(const std::vector<session::ReferenceRow> rows, referenceRows(project, split));
        if (rows.empty())
            continue;
        FOVEATE_TRY(const session::RunArrays arrays, session::readRunArrays((*run)->folder));
        FOVEATE_TRY(const score::Predictions predictions,
                    session::predictionsFor(rows, arrays, project.file().multiLabel));
        return evaluate(data, project, (*run)->id, std::string(name(split)), predictions);
    }
    const auto crossed = session::crossValidationOf(project.runsFolder(), **run);
    if (!crossed || !crossed->finished)
        return {};
    FOVEATE_TRY(const score::Predictions predictions, session::crossValidatedPredictions(*crossed));
    return evaluate(data, project, (*run)->id,
                    Report::tr("5-fold cross-validation on the labelled images").toStdString(), predictions);
}

Status fillTimeline(ReportData& data, session::Project& project)
{
    FOVEATE_TRY(const std::vector<store::Event> events, project.study().events());
    int labels = 0;
    for (const store::Event& event : events) {
        if (event.kind == store::EventKind::label)
            ++labels;
        if (event.kind == store::EventKind::imported)
            data.timeline.push_back({event.utc, Report::tr("Images were imported").toStdString(), {}});
        if (event.kind == store::EventKind::batchClosed)
            data.timeline.push_back({event.utc, Report::tr("A batch was read to its end").toStdString(), labels});
    }
    if (!events.empty())
        data.timeline.push_back({events.back().utc, Report::tr("Last entry of the log").toStdString(), labels});
    return {};
}

nlohmann::json runFacts(const std::string& folder)
{
    const auto text = readFile(folder + "/run.json");
    nlohmann::json facts = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    return facts.is_object() ? facts : nlohmann::json::object();
}

/// A fact as text, "" when it is not there or no text.
std::string fact(const nlohmann::json& facts, const char* key)
{
    const auto found = facts.find(key);
    return found != facts.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void fillRuns(ReportData& data, session::Project& project)
{
    for (const session::RunInfo& run : session::listRuns(project.runsFolder())) {
        if (!run.finished)
            continue;
        const nlohmann::json facts = runFacts(run.folder);
        const auto seed = facts.find("seed");
        data.runs.push_back(
            {run.id, run.job, run.model, run.parent, fact(facts, "device"), fact(facts, "dtype"), fact(facts, "made"),
             seed != facts.end() && seed->is_number_unsigned() ? seed->get<std::uint64_t>() : project.file().seed,
             int(run.labels)});
    }
}

Status fillProvenance(ReportData& data, session::Project& project)
{
    FOVEATE_TRY(data.eventHeads, project.study().eventHeads());
    data.provenance = {{Report::tr("Project").toStdString(), project.file().uuid},
                       {Report::tr("Seed").toStdString(), std::to_string(project.file().seed)},
                       {Report::tr("Split rule").toStdString(), project.file().splitRule},
                       {Report::tr("Strategy").toStdString(), project.file().strategy},
                       {Report::tr("Foveate").toStdString(), FOVEATE_VERSION},
                       {Report::tr("Qt").toStdString(), qVersion()}};
    return {};
}

/// Mean over repeats with one standard deviation to either side.
std::vector<ReportCurve> simulationCurves(const std::vector<session::SimulationRow>& rows)
{
    std::vector<ReportCurve> curves;
    for (const char* metric : kMetrics) {
        std::map<std::string, ReportSeries> byStrategy;
        for (const session::SimulationPoint& point : session::summarise(rows)) {
            if (point.metric != metric)
                continue;
            ReportSeries& series = byStrategy[point.strategy];
            series.name = point.strategy;
            series.points.push_back(
                {int(point.labels), point.mean, point.mean - point.spread, point.mean + point.spread});
        }
        ReportCurve curve{metric, Report::tr("one standard deviation over repeats").toStdString(), {}};
        for (auto& [strategy, series] : byStrategy)
            curve.series.push_back(std::move(series));
        if (!curve.series.empty())
            curves.push_back(std::move(curve));
    }
    return curves;
}

} // namespace

Status writeReport(const std::string& path, session::Project& project)
{
    ReportData data;
    data.project = project.file().name;
    data.made = isoTimeUtc();
    data.modality = project.file().modality;
    data.policy = project.file().policy;
    data.phantoms = project.file().name.starts_with("phantoms");
    data.classes = project.file().classes;
    FOVEATE_CHECK(fillSamples(data, project));
    FOVEATE_CHECK(fillReaders(data, project));
    FOVEATE_CHECK(fillCurves(data, project));
    FOVEATE_CHECK(fillEvaluation(data, project));
    FOVEATE_CHECK(fillTimeline(data, project));
    fillRuns(data, project);
    FOVEATE_CHECK(fillProvenance(data, project));
    return write(path, data);
}

Status writeSimulationPage(const std::string& path, const session::Simulation& simulation)
{
    ReportData data;
    data.project = Report::tr("Simulation").toStdString();
    data.made = isoTimeUtc();
    data.simulatedReader = true;
    data.curves = simulationCurves(simulation.rows());
    data.provenance = {{Report::tr("Foveate").toStdString(), FOVEATE_VERSION}};
    return write(path, data);
}

} // namespace foveate::app
