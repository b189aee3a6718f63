// SPDX-License-Identifier: GPL-3.0-or-later
// A zip archive whose entries are stored, not compressed, as torch.save writes them; read strictly.
#pragma once

#include "base/Result.h"

#include <map>
#include <string>
#include <string_view>

namespace foveate::learn::files {

/// Each entry's bytes, lent from `file`, by its name; compressed or encrypted entries are left out. unsupported (args:
/// origin, "no zip archive"), corrupt (args: origin, what is wrong): records outside the file or over one another, a
/// name twice, sizes that do not agree, more than 100,000 entries. Zip64 is read.
Result<std::map<std::string, std::string_view>> openStoredZip(std::string_view file, const std::string& origin);

} // namespace foveate::learn::files
