// SPDX-License-Identifier: GPL-3.0-or-later
// The heads of the event log kept outside the database, in the project's file `heads`.
//
// One line per writer: UUID, hash of its last event. Rewritten after every COMMIT without waiting for the disk: COMMIT
// was synced before, so after a power cut the file may be behind the log, never ahead of it. A log that lacks an
// anchored event has lost its end (a deleted -wal, an old copy put back).
#pragma once

#include "store/Database.h"

#include <map>
#include <string>

namespace foveate::store {

using Heads = std::map<std::string, std::string>;

/// Lines that are not whole are passed over. Empty when there is no file.
Heads readHeads(const std::string& path);
Status writeHeads(const std::string& path, const Heads& heads);
/// corrupt (event, writer, "shorter than it was") at the first head that the log lacks.
Status checkHeads(Connection& connection, const Heads& heads);
/// The same for the first eight digits of a hash, as backups carry it in their names.
Result<bool> hasEventStarting(Connection& connection, const std::string& hashPrefix);

} // namespace foveate::store
