// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/augment/Kernels.h"

namespace foveate::learn::augment {

const Kernels& kernels()
{
    static const bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512cd");
    return v4 ? kernelsV4() : kernelsV3();
}

} // namespace foveate::learn::augment
