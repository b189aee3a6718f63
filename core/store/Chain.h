// SPDX-License-Identifier: GPL-3.0-or-later
// Events as rows and as links of their writer's hash chain.
//
// hash = SHA-256 over length-prefixed fields: "foveate-event-1", uuid, writer, reader, utc, kind, sample, class
// (decimal, empty for none), target, active_ms, idle_ms, image_sha, visible, model, batch, confidence (%.17g, empty for
// none), text, version, prev. seq is left out: it is the order in this file, not part of what was said.
#pragma once

#include "store/Database.h"
#include "store/Records.h"

namespace foveate::store {

/// 64 hex digits.
std::string eventHash(const Event& event);

/// Inserts as it stands and fills event.seq.
Status insertEvent(Connection& connection, Event& event);

/// From a row of `SELECT * FROM event`. corrupt (event, seq, "kind") when the kind is none of ours.
Result<Event> eventOf(const Statement& row);

/// "" for a writer without events.
Result<std::string> headOf(Connection& connection, const std::string& writer);

/// (writer, hash of its last event), ordered by writer.
Result<std::vector<std::pair<std::string, std::string>>> allHeads(Connection& connection);

} // namespace foveate::store
