// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of labels.sqlite in backup/: made whole (VACUUM INTO a .partial name, checked, fsync, rename), a few kept.
//
// Names are `labels-<UTC>-<head>.sqlite`: the eight hex digits anchor the history outside the database. The newest five
// and one a day for a week are kept.
#pragma once

#include "store/Database.h"

#include <string>
#include <vector>

namespace foveate::store {

struct BackupFile {
    std::string path;
    std::string time; ///< ISO 8601, UTC
};

/// `head`: hex of the newest event's hash, "" when there is none. noSpace, readOnly, corrupt, io.
Status makeBackup(Connection& connection, const std::string& backupFolder, const std::string& head);
/// Newest first.
std::vector<BackupFile> listBackups(const std::string& backupFolder);
/// Puts the newest sound backup in place of labels.sqlite; the old file (with -wal) is kept beside it as
/// labels.damaged-<UTC>.sqlite. Nobody may have the project open: locked. Returns the backup's time.
Result<std::string> restoreBackup(const std::string& projectFolder);

} // namespace foveate::store
