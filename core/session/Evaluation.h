// SPDX-License-Identifier: GPL-3.0-or-later
// How good a run is: its stored probabilities against what is known of the images; and the curve over labels.
//
// The reference for a sample is its hidden truth where the project has one, else the readers' consensus. Intervals
// are 95 % bootstrap over patients. Needs no engine. Thread: the project's.
#pragma once

#include "session/Project.h"
#include "session/Runs.h"

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::session {

struct Interval {
    double low = 0, high = 0;
};

struct ClassFigures {
    std::string name;
    double precision = 0, recall = 0, f1 = 0;
    std::optional<Interval> f1Interval;
    std::optional<double> auc; ///< against all others; nothing where one side is empty
    std::int64_t support = 0;  ///< images of the class by the reference
};

struct Evaluation {
    std::string run;
    Split split = Split::test;
    bool crossValidated = false; ///< on the training's own labels, each by a model that had not seen its patient
    std::int64_t n = 0, patients = 0;
    std::int64_t labels = 0; ///< that the run was trained on
    std::vector<std::string> classes;
    /// accuracy, balanced_accuracy, auc, ece, and precision, recall, f1 each _macro and _weighted; auc absent where one
    /// class is there alone.
    std::map<std::string, double> values;
    std::map<std::string, Interval> intervals;
    std::vector<ClassFigures> perClass;
    std::vector<std::vector<std::int64_t>> confusion; ///< [truth][prediction]; empty in a multi-label study
};

/// needsLabels (there, 1, "import") when no sample of the split has a reference; wrongShape when the arrays do not
/// fit.
Result<Evaluation> evaluateRun(Project& project, const RunInfo& run, Split split, std::uint64_t seed);
/// The same without the database.
struct KnownImages;
Result<Evaluation> evaluateRun(const KnownImages& known, const RunInfo& run, Split split, std::uint64_t seed);
/// Of a finished cross-validation, against the labels of its training; `run` names the training.
Result<Evaluation> evaluateCrossValidation(const RunInfo& run, std::uint64_t seed);

/// contract.md §2, train and evaluate.
nlohmann::json toJson(const Evaluation& evaluation);

struct CurvePoint {
    std::string run;
    std::int64_t labels = 0;
    std::map<std::string, double> values;
    std::map<std::string, Interval> intervals;
};

enum class CurveBasis {
    test,           ///< the test side, ≥ 20 references there
    validation,     ///< the validation side, ≥ 20 references there
    crossValidated, ///< neither; ≥ 20 labelled training images, five folds of patients (CrossValidation.h)
    tooFew          ///< nothing has 20; no curve is drawn
};

struct Curve {
    CurveBasis basis = CurveBasis::tooFew;
    std::int64_t references = 0;    ///< images that count: of the side used, or of the largest when too few
    std::vector<CurvePoint> points; ///< by run; one per finished training (that has been cross-validated)
};

constexpr std::int64_t kFewestReferences = 20;
constexpr std::string_view kCrossValidated = "cross"; ///< as a side in index.sqlite and in JSON

Result<Curve> learningCurve(Project& project);

} // namespace foveate::session
