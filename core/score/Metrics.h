// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of a classifier on a set of images: accuracy, precision, recall, F1, AUC, confusion matrix, calibration.
//
// Definitions are scikit-learn's (reference numbers of 1.x to 1e-9 in tests/score/reference), with zero_division=0:
// macro and weighted averages run over the classes that occur in truth or prediction, balanced accuracy over those
// in truth. The predicted class is the largest probability, the lowest index among equals.
// Multi-label (scikit-learn's indicator matrices): a class is predicted from p = ½ on, accuracy counts images of which
// every class is right, averages run over all classes, balanced accuracy is the mean over the classes of recall and
// specificity's mean where both sides are there, and calibration counts each class of each image.
// Deterministic, single-threaded, no randomness.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace foveate::score {

/// What was predicted, image by image. `multiLabel`: each class is asked for itself and may apply or not.
struct Predictions {
    int classes = 0;                    ///< C ≥ 2
    std::vector<double> probabilities;  ///< [N,C] row-major, finite, in [0,1]
    std::vector<int> truth;             ///< [N], each in [0,C); multi-label: the set as bits, as base/Labels.h has it
    std::vector<std::int64_t> patients; ///< [N], or empty: every image is its own patient
    bool multiLabel = false;            ///< then C ≤ 24
};

struct ClassScores {
    double precision = 0, recall = 0, f1 = 0; ///< in [0,1]
    std::optional<double> auc;                ///< this class against the rest; nothing when either side is empty
    double support = 0;                       ///< images of this class in truth (with weights: their sum)
};

struct Metrics {
    std::size_t images = 0;
    std::size_t patients = 0;
    double accuracy = 0;
    double balancedAccuracy = 0;
    /// Two classes of which one applies: of class 1. Else the mean over the classes that can be told from the rest.
    /// Ties by mid-rank.
    std::optional<double> auc;
    double precisionMacro = 0, recallMacro = 0, f1Macro = 0;
    double precisionWeighted = 0, recallWeighted = 0, f1Weighted = 0;
    double ece = 0; ///< expected calibration error: 15 equal bins (a,b] of the top probability
    std::vector<ClassScores> perClass;
    std::vector<std::vector<std::int64_t>> confusion; ///< [truth][predicted]; multi-label: empty
};

/// needsLabels: no image; needsClasses: C < 2; wrongShape: lengths that do not fit; badInput: a truth that is no class;
/// nonFinite: a probability that is NaN or infinite.
Result<Metrics> metrics(const Predictions& predictions);

/// The class of the largest probability in each row; multi-label: the classes from ½ on, as bits.
std::vector<int> predictedLabels(const std::vector<double>& probabilities, int classes, bool multiLabel = false);

} // namespace foveate::score
