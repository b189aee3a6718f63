// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Evaluation.h"

#include "score/Bootstrap.h"
#include "session/References.h"
#include "session/Selection.h"

#include <algorithm>
#include <set>

namespace foveate::session {
namespace {

bool onSide(const store::Sample& sample, Split split)
{
    const bool trains = split == Split::train && sample.split == Split::none;
    return sample.state == store::SampleState::ok && sample.packRow >= 0 && (sample.split == split || trains);
}

Result<score::Predictions> predictionsOn(Project& project, const RunArrays& arrays, Split split)
{
    FOVEATE_TRY(const auto samples, project.study().samples());
    FOVEATE_TRY(const auto known, references(project));
    std::vector<ReferenceRow> rows;
    for (const store::Sample& sample : samples)
        if (const auto reference = known.find(sample.id); onSide(sample, split) && reference != known.end())
            rows.push_back({sample.packRow, sample.patient, reference->second});
    if (rows.empty())
        return fail(Code::needsLabels, {"0", "1", "import"});
    return predictionsFor(rows, arrays);
}

void addIntervals(Evaluation& evaluation, const score::Intervals& intervals)
{
    const auto put = [&](const char* name, const score::Interval& interval) {
        evaluation.intervals[name] = {interval.low, interval.high};
    };
    put("accuracy", intervals.accuracy);
    put("balanced_accuracy", intervals.balancedAccuracy);
    put("f1_macro", intervals.f1Macro);
    put("f1_weighted", intervals.f1Weighted);
    if (intervals.auc)
        put("auc", *intervals.auc);
}

/// Which side the curve stands on: the test side where it can, else the validation side.
std::pair<CurveBasis, std::int64_t> basisOf(const std::vector<store::Sample>& samples, const References& known)
{
    std::int64_t test = 0;
    std::int64_t validation = 0;
    for (const store::Sample& sample : samples) {
        if (!known.contains(sample.id))
            continue;
        test += onSide(sample, Split::test) ? 1 : 0;
        validation += onSide(sample, Split::val) ? 1 : 0;
    }
    if (test >= kFewestReferences)
        return {CurveBasis::test, test};
    if (validation >= kFewestReferences)
        return {CurveBasis::validation, validation};
    return {CurveBasis::tooFew, std::max(test, validation)};
}

} // namespace

std::map<std::string, double> namedValues(const score::Metrics& metrics)
{
    std::map<std::string, double> values{{"accuracy", metrics.accuracy},
                                         {"balanced_accuracy", metrics.balancedAccuracy},
                                         {"f1_macro", metrics.f1Macro},
                                         {"f1_weighted", metrics.f1Weighted}};
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

Result<score::Predictions> predictionsFor(const std::vector<ReferenceRow>& rows, const RunArrays& arrays)
{
    const std::size_t classes = arrays.probabilities.columns();
    if (arrays.probabilities.shape.size() != 2 || classes < 2)
        return fail(Code::wrongShape, {"probabilities.npy", std::to_string(classes), "2"});
    std::unordered_map<std::int64_t, std::size_t> place;
    for (std::size_t i = 0; i < arrays.rows.size(); ++i)
        place.emplace(arrays.rows[i], i);
    score::Predictions predictions;
    predictions.classes = int(classes);
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

Result<Evaluation> evaluateRun(Project& project, const RunInfo& run, Split split, std::uint64_t seed)
{
    FOVEATE_TRY(const RunArrays arrays, readRunArrays(run.folder));
    FOVEATE_TRY(const score::Predictions predictions, predictionsOn(project, arrays, split));
    if (predictions.truth.empty())
        return fail(Code::needsLabels, {"0", "1", "import"});
    FOVEATE_TRY(const score::Metrics metrics, score::metrics(predictions));
    FOVEATE_TRY(const auto intervals, score::bootstrap(predictions, seed));
    Evaluation evaluation;
    evaluation.run = run.id;
    evaluation.split = split;
    evaluation.labels = run.labels;
    evaluation.n = std::int64_t(metrics.images);
    evaluation.patients = std::int64_t(metrics.patients);
    evaluation.classes = project.file().classes;
    evaluation.confusion = metrics.confusion;
    evaluation.values = namedValues(metrics);
    if (intervals)
        addIntervals(evaluation, *intervals);
    return evaluation;
}

nlohmann::json toJson(const Evaluation& evaluation)
{
    nlohmann::json json{{"run", evaluation.run},
                        {"split", name(evaluation.split)},
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
    return json;
}

Result<Curve> learningCurve(Project& project)
{
    FOVEATE_TRY(const auto samples, project.study().samples());
    FOVEATE_TRY(const References known, references(project));
    Curve curve;
    std::tie(curve.basis, curve.references) = basisOf(samples, known);
    if (curve.basis == CurveBasis::tooFew)
        return curve;
    const std::string side(name(curve.basis == CurveBasis::test ? Split::test : Split::val));
    for (const RunInfo& run : listRuns(project.runsFolder())) {
        if (run.job != "train" || !run.finished)
            continue;
        FOVEATE_TRY(const auto rows, project.study().index().metrics(run.id));
        CurvePoint point{run.id, run.labels, {}, {}};
        for (const store::MetricRow& row : rows) {
            if (row.split != side)
                continue;
            point.values[row.name] = row.value;
            if (row.low && row.high)
                point.intervals[row.name] = {*row.low, *row.high};
        }
        if (!point.values.empty())
            curve.points.push_back(std::move(point));
    }
    return curve;
}

} // namespace foveate::session
