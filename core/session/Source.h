// SPDX-License-Identifier: GPL-3.0-or-later
// What an import would read: the files of a folder, the rows of a manifest, or one file; nothing is opened but the
// manifest.
//
// Folders are read with readdir, so names are bytes (not always UTF-8) and none is dropped. Symbolic links, names
// that begin with a dot, pipes, sockets and devices are counted as skipped; links are never followed. A folder below
// that cannot be read is a failed entry. The order is bytewise by path. Any thread.
#pragma once

#include "base/Result.h"
#include "session/Table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace foveate::session {

struct SourceFile {
    std::string path;                                          ///< relative to the root (an absolute path in a manifest
                                                               ///< stays absolute)
    std::optional<std::string> label;                          ///< a class's name as the folder or manifest has it
    std::string patient;                                       ///< "": not said
    std::string split;                                         ///< "": not said
    std::vector<std::pair<std::string, std::string>> metadata; ///< other columns
};

struct SourceFailure {
    std::string path;
    Error error;
};

struct Source {
    std::string root; ///< absolute folder that the paths are relative to
    bool manifest = false;
    bool hasPatients = false; ///< a patient column was found
    bool labelled = false;    ///< labels were asked for and found
    std::vector<SourceFile> files;
    std::int64_t skipped = 0;
    std::vector<SourceFailure> failed;
};

struct SourceRules {
    std::string labels = "auto";      ///< auto, folder, none or a column's name
    std::string patient;              ///< "", a column of the manifest, else a pattern (Patients.h)
    std::string splitColumn;          ///< "": none
    std::vector<std::string> classes; ///< the project's
};

/// badDirectory (missing, unreadable or without any file), notFound (file; or column, name), badInput (manifest),
/// usage ("folder" labels where no folder is named like a class).
Result<Source> readSource(const std::string& path, const SourceRules& rules);

/// The deepest folder of a relative path that is named like a class.
std::optional<int> folderClass(const std::vector<std::string>& classes, const std::string& relativePath);

} // namespace foveate::session
