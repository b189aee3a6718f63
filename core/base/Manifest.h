// SPDX-License-Identifier: GPL-3.0-or-later
// MANIFEST.json: size and SHA-256 of every file of a folder. Written last: its presence means finished.
#pragma once

#include "base/Result.h"

#include <string>
#include <vector>

namespace foveate {

/// Lists every regular file below `folder` except MANIFEST.json itself and the folders named in `leaveOut`
/// (relative, e.g. "checkpoints"), and writes MANIFEST.json atomically.
Status writeManifest(const std::string& folder, const std::vector<std::string>& leaveOut = {});

/// corrupt (args: file, detail) at the first file that is missing, of another size or of another hash.
Status verifyManifest(const std::string& folder);
/// The same for one file, which the manifest must name.
Status verifyManifestFile(const std::string& folder, const std::string& file);

bool hasManifest(const std::string& folder);

} // namespace foveate
