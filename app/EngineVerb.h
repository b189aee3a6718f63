// SPDX-License-Identifier: GPL-3.0-or-later
// What the verbs that need the engine have in common: prepare a run, let the database go, run, book.
#pragma once

#include "app/Console.h"
#include "session/EngineProcess.h"
#include "session/Project.h"
#include "session/Runs.h"

#include <QSocketNotifier>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace foveate::app {

/// Calls `first` on the first SIGINT or SIGTERM and `again` on every further one, on the event loop's thread.
class SignalWatch : public QObject {
public:
    SignalWatch(std::function<void()> first, std::function<void()> again);
    ~SignalWatch() override;

private:
    QSocketNotifier m_notifier;
    int m_count = 0;
};

/// Runs the engine on a prepared folder in the program's event loop, with progress on standard error. An interrupt
/// saves a checkpoint (cancelled). A dead engine is started again up to three times without a saved step in between.
Status runEngine(const std::string& runFolder, const CommonOptions& common);

/// release, runEngine, reopen, bookFinishedRuns for a prepared folder.
Status finishRun(session::Project& project, const std::string& runFolder, const CommonOptions& common);

/// prepareRun, then finishRun. Returns the finished run's folder.
Result<std::string> engineRun(session::Project& project, const session::RunWish& wish, const CommonOptions& common);

/// Goes on with the unfinished run of `job` that `run` names (its id or number), as it was begun. notFound (run, id)
/// for another.
Result<std::string> resumeRun(session::Project& project, const std::string& job, const std::string& run,
                              const CommonOptions& common);

/// engineRun of `job` on the trained run that `run` names (as `--run`): the newest by default.
Result<std::string> runOnParent(session::Project& project, const char* job, const std::string& run,
                                nlohmann::json options, const CommonOptions& common);

using IdsByRow = std::map<std::int64_t, std::string>;
/// The readable images asked for (all when none is named), by pack row; notFound for an id that is not there.
Result<IdsByRow> wantedRows(session::Project& project, const std::vector<std::string>& ids);

/// The seed asked for, else the project's.
std::uint64_t seedOf(const CommonOptions& common, const session::Project& project);

/// A wish with the common options filled in.
session::RunWish wishFor(const char* job, const CommonOptions& common, const session::Project& project);

/// result.json of a finished run.
Result<nlohmann::json> readResult(const std::string& runFolder);

/// The folder's own name: "0007-train".
std::string runId(const std::string& runFolder);

/// Opens for a reading verb and says so when only a backup can be read.
Result<session::Project> openForReading(const std::string& folder);

} // namespace foveate::app
