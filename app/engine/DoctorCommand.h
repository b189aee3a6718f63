// SPDX-License-Identifier: GPL-3.0-or-later
// `foveate-engine doctor`: what a run would compute with on this machine, as one JSON line.
#pragma once

namespace foveate::engine {

/// {"engine","torch","device","dtype","channels_last","threads"} on standard output; 0.
int doctorCommand();

} // namespace foveate::engine
