// SPDX-License-Identifier: GPL-3.0-or-later
// The demo: phantoms written as PNG files below the project's own images/
// folder and imported like any folder, truth hidden.
//
// images/<class>/<patient>-<number>.png; the truth masks lie in masks/ beside
// it. The project is named as made by the program. Same options, same bytes.
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

/// alreadyExists when the folder holds a project. The split is 70/10/20.
Result<Project> createDemo(const std::string &folder,
                           const DemoOptions &options,
                           const ImportControl &control = {});

} // namespace foveate::session
