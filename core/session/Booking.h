// SPDX-License-Identifier: GPL-3.0-or-later
// Finished runs into index.sqlite: their figures and their scores.
//
// In three steps, so that in the window only the first and the last, which are short, are on the database's thread:
// what is not booked yet, its figures (no database; bootstraps take a while), and the entry. A run whose arrays are
// damaged stays unbooked, and verify names it.
#pragma once

#include "session/References.h"
#include "session/Runs.h"
#include "store/IndexStore.h"

#include <string>
#include <vector>

namespace foveate::session {

struct Unbooked {
    std::vector<RunInfo> runs;
    KnownImages known;
};
/// REQUIRES: project.held(). Nothing when it is read-only.
Result<Unbooked> unbookedRuns(Project& project);

struct Booking {
    store::RunRow row;
    std::vector<store::MetricRow> metrics;
    std::vector<store::ScoreRow> scores;
};
Result<std::vector<Booking>> bookingsOf(const Unbooked& unbooked);

/// Their ids. REQUIRES: project.held().
Result<std::vector<std::string>> book(Project& project, const std::vector<Booking>& bookings);

/// All three. REQUIRES: project.held().
Result<std::vector<std::string>> bookFinishedRuns(Project& project);

/// index.sqlite anew from the run folders.
Status rebuildIndex(Project& project);

} // namespace foveate::session
