// SPDX-License-Identifier: GPL-3.0-or-later
// `foveate-engine bench [NAME]`: one timed workload as one line of JSON; without a name, the list of them.
#pragma once

#include "app/engine/bench/Workload.h"

namespace foveate::engine {

/// Prints {"workload","seconds":[…],"items","per_second","quality":{…},"device","threads","dtype"} and returns the exit
/// status; an error is one line {"code":…,"args":[…]}. input.threads < 1: every processor.
int benchCommand(const std::string& name, bench::Input input);

} // namespace foveate::engine
