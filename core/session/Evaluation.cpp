// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Evaluation.h"

#include "score/Bootstrap.h"
#include "session/References.h"
#include "session/Selection.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

namespace foveate::session {
namespace {

bool onSide(const store::Sample& sample, Split split)
{
    const bool trains = split == Split::train && sample.split == Split::none;
    return sample.state == store::SampleState::ok && sample.packRow >= 0 && (sample.split == split || trains);
}

Result<score::Predictions> predictionsOn(const KnownImages& known, const RunArrays& arrays, Split split)
{
    std::vector<ReferenceRow> rows;
    for (const store::Sample& sample : known.samples)
        if (const auto reference = known.references.find(sample.id);
            onSide(sample, split) && reference != known.references.end())
            rows.push_back({sample.packRow, sample.patient, reference->second});
    if (rows.empty())
        return fail(Code::needsLabels, {"0", "1", "import"});
    return predictionsFor(rows, arrays, known.labels.multi);
}

void addIntervals(Evaluation& evaluation, const score::Intervals& intervals)
{
    const auto put = [&](const char* name, const score::Interval& interval) {
        evaluation.intervals[name] = {interval.low, interval.high};
    };
    put("accuracy", intervals.accuracy);
    put("balanced_accuracy", intervals.balancedAccuracy);
    put("precision_macro", intervals.precisionMacro);
    put("recall_macro", intervals.recallMacro);
    put("f1_macro", intervals.f1Macro);
    put("precision_weighted", intervals.precisionWeighted);
    put("recall_weighted", intervals.recallWeighted);
    put("f1_weighted", intervals.f1Weighted);
    put("ece", intervals.ece);
    if (intervals.auc)
        put("auc", *intervals.auc);
}

std::vector<ClassFigures> classFigures(const score::Metrics& metrics, const std::optional<score::Intervals>& intervals,
                                       const std::vector<std::string>& names)
{
    std::vector<ClassFigures> figures;
    for (std::size_t c = 0; c < std::min(names.size(), metrics.perClass.size()); ++c) {
        const score::ClassScores& s = metrics.perClass[c];
        figures.push_back({names[c], s.precision, s.recall, s.f1, {}, s.auc, std::int64_t(s.support)});
        if (intervals)
            figures.back().f1Interval = {intervals->f1[c].low, intervals->f1[c].high};
    }
    return figures;
}

Result<Evaluation> judge(const score::Predictions& predictions, const std::vector<std::string>& classes,
                         std::uint64_t seed)
{
    if (predictions.truth.empty())
        return fail(Code::needsLabels, {"0", "1", "import"});
    FOVEATE_TRY(const score::Metrics metrics, score::metrics(predictions));
    FOVEATE_TRY(const auto intervals, score::bootstrap(predictions, seed));
    Evaluation evaluation;
    evaluation.n = std::int64_t(metrics.images);
    evaluation.patients = std::int64_t(metrics.patients);
    evaluation.classes = classes;
    evaluation.confusion = metrics.confusion;
    evaluation.values = namedValues(metrics);
    evaluation.perClass = classFigures(metrics, intervals, classes);
    if (intervals)
        addIntervals(evaluation, *intervals);
    return evaluation;
}

/// What the curve stands on: the test side where it can, else the validation side, else the labels themselves.
Result<std::pair<CurveBasis, std::int64_t>> basisOf(Project& project)
{
    FOVEATE_TRY(const KnownImages known, knownImages(project));
    FOVEATE_TRY(const auto consensus, project.study().consensus());
    std::set<std::string> labelled;
    for (const store::Consensus& said : consensus)
        if (said.classIndex)
            labelled.insert(said.sample);
    std::int64_t test = 0;
    std::int64_t validation = 0;
    std::int64_t training = 0;
    for (const store::Sample& sample : known.samples) {
        const bool referenced = known.references.contains(sample.id);
        test += referenced && onSide(sample, Split::test) ? 1 : 0;
        validation += referenced && onSide(sample, Split::val) ? 1 : 0;
        training += labelled.contains(sample.id) && onSide(sample, Split::train) ? 1 : 0;
    }
    for (const auto& basis : {std::pair(CurveBasis::test, test), std::pair(CurveBasis::validation, validation),
                              std::pair(CurveBasis::crossValidated, training)})
        if (basis.second >= kFewestReferences)
            return basis;
    return std::pair(CurveBasis::tooFew, std::max({test, validation, training}));
}

/// As index.sqlite names it.
std::string_view sideOf(CurveBasis basis)
{
    switch (basis) {
    case CurveBasis::test: return name(Split::test);
    case CurveBasis::validation: return name(Split::val);
    case CurveBasis::crossValidated: return kCrossValidated;
    case CurveBasis::tooFew: break;
    }
    return {};
}

} // namespace

std::map<std::string, double> namedValues(const score::Metrics& metrics)
{
    std::map<std::string, double> values{{"accuracy", metrics.accuracy},
                                         {"balanced_accuracy", metrics.balancedAccuracy},
                                         {"precision_macro", metrics.precisionMacro},
                                         {"recall_macro", metrics.recallMacro},
                                         {"f1_macro", metrics.f1Macro},
                                         {"precision_weighted", metrics.precisionWeighted},
                                         {"recall_weighted", metrics.recallWeighted},
                                         {"f1_weighted", metrics.f1Weighted},
                                         {"ece", metrics.ece}};
    if (metrics.auc)
        values["auc"] = *metrics.auc;
    return values;
}

Result<References> references(Project& project)
{
    FOVEATE_TRY(const auto consensus, project.study().consensus());
    FOVEATE_TRY(const auto truth, project.study().hiddenTruth());
    References known(truth.begin(), truth.end());
    for (const store::Consensus& said : consensus)
        if (said.classIndex)
            known.emplace(said.sample, *said.classIndex);
    return known;
}

Result<score::Predictions> predictionsFor(const std::vector<ReferenceRow>& rows, const RunArrays& arrays,
                                          bool multiLabel)
{
    const std::size_t classes = arrays.probabilities.columns();
    if (arrays.probabilities.shape.size() != 2 || classes < 2)
        return fail(Code::wrongShape, {"probabilities.npy", std::to_string(classes), "2"});
    std::unordered_map<std::int64_t, std::size_t> place;
    for (std::size_t i = 0; i < arrays.rows.size(); ++i)
        place.emplace(arrays.rows[i], i);
    score::Predictions predictions;
    predictions.classes = int(classes);
    predictions.multiLabel = multiLabel;
    for (const ReferenceRow& row : rows) {
        const auto at = place.find(row.row);
        if (at == place.end())
            continue; // imported after the run
        const auto first = arrays.probabilities.data.begin() + std::ptrdiff_t(at->second * classes);
        predictions.probabilities.insert(predictions.probabilities.end(), first, first + std::ptrdiff_t(classes));
        predictions.truth.push_back(row.reference);
        predictions.patients.push_back(row.patient);
    }
    return predictions;
}

Result<KnownImages> knownImages(Project& project)
{
    KnownImages known;
    FOVEATE_TRY(known.samples, project.study().samples());
    FOVEATE_TRY(known.references, references(project));
    known.labels = project.file().labels();
    known.seed = project.file().seed;
    return known;
}

Result<Evaluation> evaluateRun(const KnownImages& known, const RunInfo& run, Split split, std::uint64_t seed)
{
    FOVEATE_TRY(const RunArrays arrays, readRunArrays(run.folder));
    FOVEATE_TRY(const score::Predictions predictions, predictionsOn(known, arrays, split));
    FOVEATE_TRY(Evaluation evaluation, judge(predictions, known.labels.classes, seed));
    evaluation.run = run.id;
    evaluation.split = split;
    evaluation.labels = run.labels;
    return evaluation;
}

Result<Evaluation> evaluateRun(Project& project, const RunInfo& run, Split split, std::uint64_t seed)
{
    FOVEATE_TRY(const KnownImages known, knownImages(project));
    return evaluateRun(known, run, split, seed);
}

Result<score::Predictions> crossValidatedPredictions(const RunInfo& run)
{
    FOVEATE_TRY(const Snapshot snapshot, readSnapshot(run.folder));
    FOVEATE_TRY(const RunArrays arrays, readRunArrays(run.folder));
    std::vector<ReferenceRow> rows;
    for (const SnapshotSample& sample : snapshot.samples)
        if (sample.label)
            rows.push_back({sample.row, sample.patient, *sample.label});
    return predictionsFor(rows, arrays, snapshot.multiLabel);
}

Result<Evaluation> evaluateCrossValidation(const RunInfo& run, std::uint64_t seed)
{
    FOVEATE_TRY(const Snapshot snapshot, readSnapshot(run.folder));
    FOVEATE_TRY(const score::Predictions predictions, crossValidatedPredictions(run));
    FOVEATE_TRY(Evaluation evaluation, judge(predictions, snapshot.classes, seed));
    evaluation.run = run.parent;
    evaluation.split = Split::train;
    evaluation.crossValidated = true;
    evaluation.labels = run.labels;
    return evaluation;
}

nlohmann::json toJson(const Evaluation& evaluation)
{
    nlohmann::json json{{"run", evaluation.run},
                        {"split", evaluation.crossValidated ? kCrossValidated : name(evaluation.split)},
                        {"n", evaluation.n},
                        {"patients", evaluation.patients},
                        {"labels", evaluation.labels},
                        {"classes", evaluation.classes},
                        {"confusion", evaluation.confusion},
                        {"auc", nullptr}};
    for (const auto& [metric, value] : evaluation.values)
        json[metric] = value;
    json["interval"] = nlohmann::json::object();
    for (const auto& [metric, interval] : evaluation.intervals)
        json["interval"][metric] = {interval.low, interval.high};
    json["per_class"] = nlohmann::json::array();
    for (const ClassFigures& figures : evaluation.perClass) {
        json["per_class"].push_back({{"class", figures.name},
                                     {"n", figures.support},
                                     {"precision", figures.precision},
                                     {"recall", figures.recall},
                                     {"f1", figures.f1},
                                     {"auc", figures.auc ? nlohmann::json(*figures.auc) : nlohmann::json()}});
        if (figures.f1Interval)
            json["per_class"].back()["f1_interval"] = {figures.f1Interval->low, figures.f1Interval->high};
    }
    return json;
}

Result<Curve> learningCurve(Project& project)
{
    Curve curve;
    FOVEATE_TRY(const auto basis, basisOf(project));
    std::tie(curve.basis, curve.references) = basis;
    if (curve.basis == CurveBasis::tooFew)
        return curve;
    const bool crossed = curve.basis == CurveBasis::crossValidated;
    for (const RunInfo& run : listRuns(project.runsFolder())) {
        if (run.job != (crossed ? "crossval" : "train") || !run.finished)
            continue;
        FOVEATE_TRY(const auto rows, project.study().index().metrics(run.id));
        CurvePoint point{crossed ? run.parent : run.id, run.labels, {}, {}};
        for (const store::MetricRow& row : rows) {
            if (row.split != sideOf(curve.basis))
                continue;
            point.values[row.name] = row.value;
            if (row.low && row.high)
                point.intervals[row.name] = {*row.low, *row.high};
        }
        if (!point.values.empty())
            curve.points.push_back(std::move(point));
    }
    std::stable_sort(curve.points.begin(), curve.points.end(),
                     [](const CurvePoint& a, const CurvePoint& b) { return a.run < b.run; });
    return curve;
}

} // namespace foveate::session
