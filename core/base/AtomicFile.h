// SPDX-License-Identifier: GPL-3.0-or-later
// Files and folders that are whole or absent: write beside, fsync, rename, fsync the folder.
//
// A crash or power cut leaves either the old content or the new, never a part. A failed fsync is
// reported and never retried on the same descriptor (its pages may be marked clean).
#pragma once

#include "base/Result.h"

#include <span>
#include <string>
#include <string_view>

namespace foveate {

/// Replaces `path` by `content`. A symbolic link at `path` is refused (io). Mode 0600 when new.
Status writeFileAtomically(const std::string& path, std::string_view content);
/// By the pieces one after another, which need not lie together in memory.
Status writeFileAtomically(const std::string& path, std::span<const std::string_view> pieces);

/// Appends one line (a newline is added) and flushes to the operating system; not a durability promise.
Status appendLine(const std::string& path, std::string_view line);

/// The whole file as bytes; notFound, tooLarge (args: path, limit) or io.
Result<std::string> readFile(const std::string& path, std::size_t limit = std::size_t(1) << 30);

/// fsync of a folder, after a rename inside it.
Status syncFolder(const std::string& folder);

/// Makes `folder` (with parents, mode 0700).
Status makeFolder(const std::string& folder);

/// Publishes the finished folder `temporary` as `final` with fsync of every file, the folder and its parent.
Status publishFolder(const std::string& temporary, const std::string& final);

} // namespace foveate
