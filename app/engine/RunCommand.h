// SPDX-License-Identifier: GPL-3.0-or-later
// `foveate-engine run DIR`: one run folder, to its end or to a checkpoint.
#pragma once

#include <string>

namespace foveate::engine {

/// Says hello, progress, checkpoints and done or failed on `fd`; returns the exit code.
int runCommand(const std::string& folder, bool requireGpu, int fd);

} // namespace foveate::engine
