// SPDX-License-Identifier: GPL-3.0-or-later
// What the loop of the window asks of the project, as jobs for the store's thread, and what it makes of the answers
// elsewhere. See WorkspaceTraining.h.
#pragma once

#include "session/Booking.h"
#include "session/WorkspaceTypes.h"

#include <cstdint>
#include <string>
#include <vector>

namespace foveate::session {

/// The next training, from the newest pre-training where there is one; makeRun() does the rest without the database.
Result<RunPlan> planTraining(Project& project);

/// The run that ranks the pool by the project's strategy before the next batch is offered; "" when that needs no
/// engine.
Result<std::string> prepareRanking(Project& project);

/// The number of a new batch at the front of the queue; 0 when nothing is left to read. Where the project's strategy
/// needs the engine and has no list of the newest training, entropy chooses, and the batch says so.
Result<std::int64_t> selectBatch(Project& project, bool fromModel);

/// Where results are to be read: everything of them that the database knows.
struct ResultsPlan {
    std::optional<RunInfo> run;             ///< the newest finished training
    std::optional<RunInfo> crossValidation; ///< of it, when the curve stands on such
    Curve curve;
    KnownImages known;
};
Result<ResultsPlan> planResults(Project& project);
/// Losses and the evaluation, from the run's folder.
Results readResults(const ResultsPlan& plan);

/// Loss by epoch from a run's metrics.jsonl; lines that are not understood are passed over.
std::vector<LossPoint> readLosses(const std::string& runFolder);

} // namespace foveate::session
