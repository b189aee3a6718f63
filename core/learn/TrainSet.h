// SPDX-License-Identifier: GPL-3.0-or-later
// TrainSet: the labelled samples of a snapshot, who learns and who stops, and the order of an epoch.
#pragma once

#include "base/RunFolder.h"
#include "learn/TrainOptions.h"

#include <cstdint>
#include <vector>

namespace foveate::learn {

struct TrainSample {
    std::int64_t row = 0;
    std::int64_t patient = 0;
    int label = 0;    ///< base/Labels.h
    float weight = 1; ///< the sample's own, times its class's where an image has one class
};

/// Of a multi-label head: what a class counts where it applies and where it does not. Empty: 1.
struct ClassWeights {
    std::vector<double> present, absent; ///< [C]
};

struct TrainSet {
    std::vector<TrainSample> training;
    std::vector<TrainSample> validation; ///< empty: no early stopping
    std::vector<double> classWeights;    ///< per class; 0 for a class without a label
    ClassWeights sides;                  ///< of a multi-label study, which has these in place of classWeights
};

/// Labelled samples of the training split or of none. needsLabels (args: found, 2) or needsClasses (args: found) when
/// there is too little; wrongShape for a number that is no label.
Result<TrainSet> makeTrainSet(const Snapshot& snapshot, const TrainOptions& options);

/// n/(C·n_c) over the classes that occur: their weighted counts are equal. `classes` long.
std::vector<double> balancedWeights(const std::vector<int>& labels, int classes);

/// n/(2·n_c) of the images with a class and of those without it, so that both sides weigh the same; 1 for a class that
/// applies to all or to none. `labels` are sets of classes.
ClassWeights balancedSides(const std::vector<int>& labels, int classes);

/// The patients' stratified split for early stopping: per class, patients in seeded order go to validation while it
/// holds less than `share` of the class; a class's last patient stays for training. A patient counts to the class most
/// of its samples have. True: validation.
std::vector<bool> validationSplit(const std::vector<std::int64_t>& patients, const std::vector<int>& labels,
                                  double share, std::uint64_t seed);

/// [0, n) in the seeded order of that epoch.
std::vector<std::size_t> epochOrder(std::size_t n, std::uint64_t seed, int epoch);

/// Where the batch that begins at `position` ends: the rest is cut into equal batches near `batch`, so that none is
/// left with one image, on which batch norm has nothing to average.
std::size_t batchEnd(std::size_t position, std::size_t n, std::size_t batch);

} // namespace foveate::learn
