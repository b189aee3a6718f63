// SPDX-License-Identifier: GPL-3.0-or-later
// `foveate-engine serve`: commands as JSON lines on standard input, answers as events on standard output.
#pragma once

#include "app/engine/Events.h"

namespace foveate::engine {

/// Reads `in` until quit, its end or a stop signal. A line that is no command is answered with an error event and
/// forgotten; so is one longer than a megabyte. Returns the exit code.
int serveCommand(int in, int out);

} // namespace foveate::engine
