// SPDX-License-Identifier: GPL-3.0-or-later
// `foveate-engine run DIR`: one run folder, to its end or to a checkpoint.
#pragma once

#include <string>

namespace foveate::engine {

struct RunOptions {
    std::string folder;
    bool requireGpu = false;
    int processes = 0; ///< that train together on this machine; 0: as many as the folder's input says
};

/// Says hello, progress, checkpoints and done or failed on `fd`; returns the exit code. Started as one of several ranks
/// (learn/ranks/Ranks.h) it takes its part in the training; the first alone says something.
int runCommand(const RunOptions& options, int fd);

} // namespace foveate::engine
