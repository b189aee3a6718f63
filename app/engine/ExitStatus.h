// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's exit codes, those of contract.md §1.
#pragma once

#include "base/Result.h"

namespace foveate::engine {

/// 0 ok · 1 failed · 2 usage · 3 bad data · 4 not found · 5 device missing · 130 stopped after a checkpoint.
int exitStatus(const Status& status);

} // namespace foveate::engine
