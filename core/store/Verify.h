// SPDX-License-Identifier: GPL-3.0-or-later
// Does the project still say what people did? Hash chain, projection, schema, hashes of runs.
#pragma once

#include "store/Study.h"

#include <functional>
#include <string>
#include <vector>

namespace foveate::store {

struct VerifyReport {
    std::vector<Error> findings; ///< corrupt: args table or file, row ("seq 17"), what ("hash", "prev", "missing" …)
    std::int64_t events = 0;
    std::int64_t samples = 0;
    std::int64_t runs = 0; ///< finished run folders whose MANIFEST was checked
    bool ok() const { return findings.empty(); }
};

/// Everything below, in order. An error is returned only when nothing could be checked.
Result<VerifyReport> verify(Study& study);

/// Integrity of the pages.
Status verifyPages(Connection& connection);
/// Triggers, tables and indexes are those of the schema.
Status verifySchema(Connection& connection);
/// Each writer's chain from its first event to its head; the first bad row is named.
Status verifyChain(Connection& connection);
/// Heads seen earlier (the file `heads`, backups' names, runs' snapshots) are all in the log.
Status verifyAnchors(Connection& connection, const std::string& projectFolder);
/// Only the backups' names; quick enough for every opening.
Status verifyBackupAnchors(Connection& connection, const std::string& projectFolder);
/// Current labels equal a replay of the log; the first different row is named.
Status verifyProjection(Connection& connection);
/// No patient is on two sides, no validation or test sample is queued.
Status verifySplits(Connection& connection);

/// Clears index.sqlite and books every finished run folder again, oldest first, by `book` (which computes metrics).
Status rebuildIndex(Study& study, const std::function<Status(const std::string& runFolder, IndexStore&)>& book);

/// A person has been told that the history is shorter than it was and goes on with what is there: the heads seen
/// earlier are forgotten. Nobody may have the project open (locked).
Status acceptShorterHistory(const std::string& projectFolder);

/// Replaces the projection by a replay of the log, in one transaction.
Status rebuildProjection(Study& study);

} // namespace foveate::store
