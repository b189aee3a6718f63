// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes from file names and manifests made fit for logs, JSON and tables.
#pragma once

#include <string>
#include <string_view>

namespace foveate {

/// Valid UTF-8 without control characters: undecodable bytes, C0/C1 and bidirectional controls become \xNN
/// (of their UTF-8 bytes), as contract.md §1 writes `file`. A backslash stays as it is.
std::string printable(std::string_view bytes);

bool isUtf8(std::string_view bytes);

/// Whether names are the same but for the case of ASCII letters, as people write them in folders and column heads.
bool sameButForCase(std::string_view a, std::string_view b);

/// The time now in UTC, ISO 8601 with milliseconds: "2026-03-01T12:00:00.123Z".
std::string isoTimeUtc();

} // namespace foveate
