// SPDX-License-Identifier: GPL-3.0-or-later
// The timed workloads that need no engine: what a project does with files, labels and arrays.
#pragma once

#include "base/Result.h"

#include <nlohmann/json.hpp>
#include <span>
#include <string>

namespace foveate::app {

struct WorkloadInput {
    std::string data; ///< folder of inputs; "" when the workload makes its own
    std::string out;  ///< folder for NAME.npy; "" for none
    int repeat = 3;
};

struct Workload {
    const char* name;
    const char* summary;
    /// {"workload","seconds":[…],"items","per_second","quality":{…},"device","threads","dtype"}
    Result<nlohmann::json> (*run)(const WorkloadInput& input);
};

/// nullptr when there is none of that name here (the engine may have it).
const Workload* workloadNamed(const std::string& name);
std::span<const Workload> workloads();

} // namespace foveate::app
