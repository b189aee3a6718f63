// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/ExitStatus.h"

namespace foveate::engine {

int exitStatus(const Status& status)
{
    if (status)
        return 0;
    switch (status.error().code) {
    case Code::usage: return 2;
    case Code::badInput:
    case Code::badDirectory:
    case Code::corrupt:
    case Code::newerVersion:
    case Code::wrongShape:
    case Code::patientSplit:
    case Code::needsLabels:
    case Code::needsClasses:
    case Code::needsOneClass:
    case Code::noTruth: return 3;
    case Code::notFound:
    case Code::needsTraining: return 4;
    case Code::deviceMissing: return 5;
    case Code::cancelled: return 130;
    default: return 1;
    }
}

} // namespace foveate::engine
