// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Workload.h"

namespace foveate::engine::bench {

std::span<const Workload> queryWorkloads()
{
    return {};
}

} // namespace foveate::engine::bench
