// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/DoctorCommand.h"

#include "learn/Device.h"

#include <cstdio>

namespace foveate::engine {

int doctorCommand()
{
    const Result<learn::Capability> capability = learn::decideCapability({});
    if (!capability)
        return 1;
    nlohmann::json answer = learn::toJson(*capability);
    answer["engine"] = FOVEATE_VERSION;
    answer["torch"] = learn::torchVersion();
    std::printf("%s\n", answer.dump().c_str());
    return 0;
}

} // namespace foveate::engine
