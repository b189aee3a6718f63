// SPDX-License-Identifier: GPL-3.0-or-later
// What follows from an event, written into the tables decision, current_label, consensus and closed_batch.
#pragma once

#include "store/Database.h"
#include "store/Records.h"

namespace foveate::store {

/// The reader whose labels came with the files: they count where no reader has said anything.
inline constexpr std::string_view kImportReader = "import";

/// Call inside the transaction that inserted the event.
Status project(Connection& connection, const Event& event);

/// Empties the four tables and projects every event again; inside a transaction of the caller.
Status projectAll(Connection& connection);

} // namespace foveate::store
