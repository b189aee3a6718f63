// SPDX-License-Identifier: GPL-3.0-or-later
// Identities: UUIDs (version 7, ordered by time) and the installation's own, which names this writer's event chain.
#pragma once

#include "base/Result.h"

#include <string>

namespace foveate::store {

/// 36 characters, lower case. Random bits from the kernel, never from a project's seed.
std::string newUuid();
bool isUuid(const std::string& text);

/// Kept in $XDG_CONFIG_HOME/foveate/installation (or ~/.config/…), made at the first call. A home that cannot be
/// written gets a new identity each time: a chain of its own, which is valid.
std::string installationId();

} // namespace foveate::store
