// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/DoctorCommand.h"

#include "learn/Device.h"
#include "learn/cuda/Cuda.h"

#include <cstdio>

namespace foveate::engine {

int doctorCommand()
{
    const Result<learn::Capability> capability = learn::decideCapability({});
    if (!capability)
        return 1;
    nlohmann::json answer = learn::toJson(*capability);
    if (capability->onGpu()) {
        const learn::cuda::Gpu gpu = learn::cuda::open()->describe(0);
        answer["gpu"] = {{"name", gpu.name},
                         {"memory", gpu.memory},
                         {"compute_capability", gpu.computeCapability},
                         {"count", learn::cuda::count()}};
    }
    answer["engine"] = FOVEATE_VERSION;
    answer["torch"] = learn::torchVersion();
    std::printf("%s\n", answer.dump().c_str());
    return 0;
}

} // namespace foveate::engine
