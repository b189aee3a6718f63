// SPDX-License-Identifier: GPL-3.0-or-later
// One decision that the project's disk would not take, kept beside the user's settings until it is
// stored.
//
// One file per project and reader in the application's data folder. The event keeps its UUID, so
// storing it twice stores it once. Best effort: when this disk is full too, the window still holds
// it. Any thread, one at a time.
#pragma once

#include "store/Records.h"

#include <optional>
#include <string>

namespace foveate::session {

void writeRescue(const std::string& projectUuid, const store::Event& event);
std::optional<store::Event> readRescue(const std::string& projectUuid, const std::string& reader);
void removeRescue(const std::string& projectUuid, const std::string& reader);

} // namespace foveate::session
