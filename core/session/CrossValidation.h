// SPDX-License-Identifier: GPL-3.0-or-later
// How good a training is where no images were set aside: cross-validation over patients on its own labels.
//
// Lies in runs/NNNN-crossval/, without the database: input/snapshot.json holds the labelled images of the training,
// folds/K/ is a run of the engine for each fold that learns from the other folds' labels, and at the end rows.npy and
// probabilities.npy say what each image was taken for by the model that had not seen its patient. The same training
// gives the same folds. One that was begun is gone on with. Thread: one at a time.
#pragma once

#include "session/Runs.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace foveate::session {

constexpr int kFolds = 5;

/// The fold of each sample: whole patients, largest first, to the fold that has least of their class; as many folds as
/// patients where these are fewer than five. REQUIRES: every sample has a label.
std::vector<int> foldsOf(const std::vector<SnapshotSample>& samples, std::uint64_t seed);

struct CrossValidation {
    std::string folder;   ///< runs/NNNN-crossval
    std::string training; ///< folder of the run that it judges
    int folds = 0;

    std::string foldFolder(int fold) const { return folder + "/folds/" + std::to_string(fold); }
};

/// That of this training, finished or begun.
std::optional<RunInfo> crossValidationOf(const std::string& runsFolder, const RunInfo& training);

/// needsLabels below 20 labelled training images; needsClasses with fewer than two classes, or one patient alone.
Result<CrossValidation> beginCrossValidation(const std::string& runsFolder, const RunInfo& training);

/// Makes the fold's run folder, unless it is there; the engine runs it.
Status prepareFold(const CrossValidation& validation, int fold);

/// REQUIRES: every fold is finished. Gathers what they say, removes them, writes the MANIFEST.
Status finishCrossValidation(const CrossValidation& validation);

} // namespace foveate::session
