// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ExitCode.h"

namespace foveate::app {

ExitCode exitCodeOf(Code code)
{
    switch (code) {
    case Code::usage: return kUsage;
    case Code::badInput:
    case Code::corrupt:
    case Code::notAnImage:
    case Code::unsupported:
    case Code::damaged:
    case Code::tooLarge:
    case Code::patientSplit:
    case Code::needsClasses:
    case Code::needsOneClass:
    case Code::needsLabels:
    case Code::noTruth:
    case Code::wrongShape:
    case Code::newerVersion:
    case Code::badDirectory: return kBadData;
    case Code::notFound:
    case Code::needsTraining: return kNotFound;
    case Code::deviceMissing: return kDeviceMissing;
    case Code::locked: return kHeldByAnother;
    case Code::partial: return kPartlyDone;
    case Code::cancelled: return kInterrupted;
    default: return kFailed;
    }
}

} // namespace foveate::app
