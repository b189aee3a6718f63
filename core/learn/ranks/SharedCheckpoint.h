// SPDX-License-Identifier: GPL-3.0-or-later
// SharedCheckpoint: the first rank's checkpoint, given to the others, who need not see its files.
#pragma once

#include "learn/Checkpoint.h"
#include "learn/ranks/Group.h"

#include <optional>
#include <string>

namespace foveate::learn {

/// readNewestCheckpoint() as the first rank finds it, on all of them; `group` null: this process is alone. Collective.
Result<std::optional<Checkpoint>> newestCheckpoint(const std::string& runFolder, const Group* group);

} // namespace foveate::learn
