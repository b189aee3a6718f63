// SPDX-License-Identifier: GPL-3.0-or-later
// The demo: phantoms written as PNG files into the project's own folder and imported like any others.
//
// images/<patient>-<number>.png with images/images.csv (path, label, patient); the lesions' masks lie in masks/ under
// the same names. The truth is hidden, the split is 70/10/20. Same options, same bytes, whatever the number of
// threads.
#pragma once

#include "session/Importer.h"
#include "session/Project.h"

#include <cstdint>
#include <string>

namespace foveate::session {

struct DemoOptions {
    std::string modality = "oct"; ///< oct, xray, histology
    int images = 600;
    std::uint64_t seed = 1;
    std::string decoder; ///< as ImportOptions
};

/// alreadyExists when the folder holds a project; badInput for another modality; importImages's.
Result<Project> createDemo(const std::string& folder, const DemoOptions& options, const ImportControl& control = {});

} // namespace foveate::session
