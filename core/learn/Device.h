// SPDX-License-Identifier: GPL-3.0-or-later
// What a run computes with: device, number type, memory layout, threads. Decided once, written to run.json, kept on
// resume.
//
// The decision follows from what the processor or GPU is, not from a timing, so it is the same at every start on one
// machine and LibTorch and needs no cache file. A GPU is taken when there is one. bfloat16 for training where it is
// faster than float32 (GPUs from compute capability 8.0 on; processors with AMX, or AMD's with avx512_bf16), float32
// elsewhere; our own layers on processors in both; ranking passes are float32 always.
#pragma once

#include "base/Result.h"

#include <c10/core/Device.h>
#include <nlohmann/json.hpp>
#include <string>

namespace foveate::learn {

struct Capability {
    std::string device = "cpu";
    std::string dtype = "float32"; ///< of the training passes: "float32" or "bfloat16"
    bool channelsLast = true;
    bool fastLayers = false; ///< training passes use our own layers (nets/Winograd.h, Stem.h, FastNorm.h)
    int threads = 1;
    int ranks = 1; ///< processes that train together
    bool bfloat16() const { return dtype == "bfloat16"; }
    bool onGpu() const { return device == "cuda"; }
    bool operator==(const Capability&) const = default;
};

struct CapabilityWish {
    std::string device = "auto"; ///< auto, cpu, cuda
    std::string dtype = "auto";  ///< auto, bfloat16, float32
    int threads = 0;             ///< 0: every processor this process may use
    bool requireGpu = false;
    bool gpuServes = true;  ///< false: a job that always runs on the processor
    bool fastLayers = true; ///< false: each operation as PyTorch computes it
    int local = 1;          ///< processes on this machine that train together: they share its threads, each has its GPU
};

/// deviceMissing (args: device) where cuda or requireGpu asks for more GPUs than there are; usage for an unknown word.
Result<Capability> decideCapability(const CapabilityWish& wish);
/// Sets LibTorch's thread counts and deterministic algorithms for the process, and which GPU it uses: of several that
/// train together, the one of its place among those of this machine. Call before the first tensor is made.
/// deviceMissing (args: device) when the GPU that the capability names is not there.
Status applyCapability(const Capability& capability, int place = 0);
/// Where the tensors of a run lie.
c10::Device deviceOf(const Capability& capability);
/// Whether this processor multiplies bfloat16 itself, and faster than float32.
bool processorHasBfloat16();
std::string torchVersion();
/// Name of the processor (and, as "gpu", of the GPU in use) and the instruction set that LibTorch uses on it: another
/// may round differently.
nlohmann::json describeProcessor(const Capability& capability);

nlohmann::json toJson(const Capability& capability);
Result<Capability> capabilityFromJson(const nlohmann::json& json);

} // namespace foveate::learn
