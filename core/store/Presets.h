// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes of `train` by name: resources/presets/NAME.toml, compiled in. The engine gets their values, never the file.
#pragma once

#include "base/Result.h"

#include <string>
#include <vector>

namespace foveate::store {

/// By name: p1-finetune, p2-proxy, p3-lin, p3-probe, p4-densenet, small.
std::vector<std::string> presetNames();

/// A recipe's values as one JSON object of the engine's train options. notFound (args: "preset", name).
Result<std::string> presetJson(const std::string& name);

} // namespace foveate::store
