// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Device.h"

#include "base/Text.h"
#include "learn/TensorMemory.h"
#include "learn/cuda/Cuda.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <array>
#include <cpuid.h>
#include <cstring>
#include <sched.h>
#include <thread>
#include <torch/version.h>

namespace foveate::learn {
namespace {

int usableProcessors()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    return std::max(1, int(std::thread::hardware_concurrency()));
}

bool isAmd()
{
    unsigned largest = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(0, &largest, &b, &c, &d) != 0 && b == signature_AMD_ebx && d == signature_AMD_edx &&
           c == signature_AMD_ecx;
}

bool gpuHasBfloat16()
{
    return cuda::open()->describe(0).computeCapability >= 80;
}

} // namespace

bool processorHasBfloat16()
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    // Leaf 7.1, EAX bit 5: AVX512_BF16. Leaf 7.0, EDX bit 22: AMX-BF16; LibTorch uses both only with AVX-512.
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b >> 16 & 1) == 0)
        return false;
    if ((d >> 22 & 1) != 0)
        return true;
    const bool vectors = __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 5 & 1) != 0;
    // AMD's cores multiply twice as many bfloat16 as float32 in these. Intel's, where AMX is masked (virtual machines),
    // only half as many: an Emerald Rapids core did 86 GFLOP/s against 173, and trained ResNet-18 at 0.7 of float32's
    // rate.
    return vectors && isAmd();
}

Result<Capability> decideCapability(const CapabilityWish& wish)
{
    if (wish.device != "auto" && wish.device != "cpu" && wish.device != "cuda")
        return fail(Code::usage, {"device", wish.device});
    if (wish.dtype != "auto" && wish.dtype != "float32" && wish.dtype != "bfloat16")
        return fail(Code::usage, {"dtype", wish.dtype});
    const bool asked = wish.device == "cuda" || wish.requireGpu;
    const bool gpu = (asked || wish.device == "auto") && cuda::count() >= wish.local; // each has its own
    if (asked && !gpu)
        return fail(Code::deviceMissing, {"cuda"});
    Capability capability;
    if (gpu && wish.gpuServes)
        capability.device = "cuda";
    const int threads = wish.threads > 0 ? wish.threads : usableProcessors();
    capability.threads = std::max(1, threads / wish.local);
    capability.fastLayers = wish.fastLayers && !capability.onGpu();
    const bool low = capability.onGpu() ? gpuHasBfloat16() : processorHasBfloat16();
    capability.dtype = wish.dtype == "auto" ? (low ? "bfloat16" : "float32") : wish.dtype;
    return capability;
}

Status applyCapability(const Capability& capability, int place)
{
    if (capability.onGpu()) {
        if (cuda::count() == 0)
            return fail(Code::deviceMissing, {"cuda"});
        cuda::open()->use(place % cuda::count());
    }
    keepTensorMemory();
    at::set_num_threads(capability.threads);
    at::globalContext().setDeterministicAlgorithms(true, true);
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    return {};
}

c10::Device deviceOf(const Capability& capability)
{
    return capability.onGpu() ? c10::Device(c10::kCUDA, at::detail::getCUDAHooks().current_device()) : c10::kCPU;
}

std::string torchVersion()
{
    return TORCH_VERSION;
}

nlohmann::json describeProcessor(const Capability& capability)
{
    std::array<unsigned, 12> words{};
    for (unsigned leaf = 0; leaf < 3; ++leaf)
        __get_cpuid(0x80000002 + leaf, &words[4 * leaf], &words[4 * leaf + 1], &words[4 * leaf + 2],
                    &words[4 * leaf + 3]);
    std::array<char, 49> name{};
    std::memcpy(name.data(), words.data(), 48);
    nlohmann::json described{{"name", printable(name.data())}, {"instructions", at::get_cpu_capability()}};
    if (capability.onGpu())
        described["gpu"] = cuda::open()->describe(deviceOf(capability).index()).name;
    return described;
}

nlohmann::json toJson(const Capability& capability)
{
    return {{"device", capability.device},
            {"dtype", capability.dtype},
            {"channels_last", capability.channelsLast},
            {"fast_layers", capability.fastLayers},
            {"threads", capability.threads},
            {"ranks", capability.ranks}};
}

Result<Capability> capabilityFromJson(const nlohmann::json& json)
{
    try {
        Capability capability;
        capability.device = json.at("device").get<std::string>();
        capability.dtype = json.at("dtype").get<std::string>();
        capability.channelsLast = json.at("channels_last").get<bool>();
        capability.fastLayers = json.value("fast_layers", false); // runs of version 0.1 have none
        capability.threads = json.at("threads").get<int>();
        capability.ranks = json.value("ranks", 1);
        if (capability.threads < 1)
            return fail(Code::badInput, {"run.json", "threads"});
        return capability;
    } catch (const nlohmann::json::exception&) {
        return fail(Code::badInput, {"run.json", "capability"});
    }
}

} // namespace foveate::learn
