// SPDX-License-Identifier: GPL-3.0-or-later
// What the program answers to the shell; fixed, scripts rely on it.
#pragma once

#include "base/Result.h"

namespace foveate::app {

enum ExitCode {
    kOk = 0,
    kFailed = 1,
    kUsage = 2,
    kBadData = 3,
    kNotFound = 4,
    kDeviceMissing = 5,
    kHeldByAnother = 6,
    kPartlyDone = 7,
    kInterrupted = 130
};

ExitCode exitCodeOf(Code code);

} // namespace foveate::app
