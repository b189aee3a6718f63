// SPDX-License-Identifier: GPL-3.0-or-later
// The contact sheet of `pretrain --show-views`: what the network will see, for a person to see.
#pragma once

#include "app/Console.h"
#include "session/Project.h"
#include "session/Runs.h"

#include <string>

namespace foveate::app {

/// Lets the engine make the views that `wish` (a pre-training) would make, and draws them into the PNG at `path`: a row
/// per image, the image first. Leaves no run behind. {"file","images","views","preset"}.
Result<nlohmann::json> drawViews(session::Project& project, session::RunWish wish, const std::string& path,
                                 const CommonOptions& common);

} // namespace foveate::app
