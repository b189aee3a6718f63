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
#include <vector>

namespace foveate::session {

struct Interval {
    double low = 0, high = 0;
};

struct Evaluation {
    std::string run;
    Split split = Split::test;
    std::int64_t n = 0, patients = 0;
    std::int64_t labels = 0; ///< that the run was trained on
    std::vector<std::string> classes;
    /// accuracy, balanced_accuracy, auc, f1_macro, f1_weighted; auc absent where one class is there alone.
    std::map<std::string, double> values;
    std::map<std::string, Interval> intervals;
    std::vector<std::vector<std::int64_t>> confusion; ///< [truth][prediction]
};

/// needsLabels (there, 1, "import") when no sample of the split has a reference; wrongShape when the arrays do not
/// fit.
Result<Evaluation> evaluateRun(Project& project, const RunInfo& run, Split split, std::uint64_t seed);

/// contract.md §2, train and evaluate.
nlohmann::json toJson(const Evaluation& evaluation);

struct CurvePoint {
    std::string run;
    std::int64_t labels = 0;
    std::map<std::string, double> values;
    std::map<std::string, Interval> intervals;
};

enum class CurveBasis {
    test,       ///< the test side, ≥ 20 references there
    validation, ///< the validation side, ≥ 20 references there
    tooFew      ///< neither has 20; no curve is drawn
};

struct Curve {
    CurveBasis basis = CurveBasis::tooFew;
    std::int64_t references = 0;    ///< on the side used, or the larger of the two when too few
    std::vector<CurvePoint> points; ///< by run; one per finished training
};

constexpr std::int64_t kFewestReferences = 20;

Result<Curve> learningCurve(Project& project);

} // namespace foveate::session
