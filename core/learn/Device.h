// SPDX-License-Identifier: GPL-3.0-or-later
// What a run computes with: device, number type, memory layout, threads. Decided once, written to run.json, kept on
// resume.
//
// The decision follows from the processor's feature flags, not from a timing, so it is the same at every start on one
// machine and LibTorch and needs no cache file. bfloat16 for training where the processor multiplies it faster than
// float32 (AMX, or AMD with avx512_bf16), float32 elsewhere; our own layers in both; ranking
// passes are float32 always.
#pragma once

#include "base/Result.h"

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
    bool operator==(const Capability&) const = default;
};

struct CapabilityWish {
    std::string device = "auto"; ///< auto, cpu, cuda
    std::string dtype = "auto";  ///< auto, bfloat16, float32: as PyTorch computes it, operation by operation
    int threads = 0;             ///< 0: every processor this process may use
    bool requireGpu = false;
    int local = 1; ///< processes on this machine that train together and share its threads
};

/// deviceMissing (args: device) for cuda, or under requireGpu; usage for an unknown word.
Result<Capability> decideCapability(const CapabilityWish& wish);
/// Sets LibTorch's thread counts and deterministic algorithms for the process. Call before the first tensor is made.
void applyCapability(const Capability& capability);
/// Whether this processor multiplies bfloat16 itself, and faster than float32.
bool processorHasBfloat16();
std::string torchVersion();
/// Name of the processor and the instruction set that LibTorch uses on it: another may round differently.
nlohmann::json describeProcessor();

nlohmann::json toJson(const Capability& capability);
Result<Capability> capabilityFromJson(const nlohmann::json& json);

} // namespace foveate::learn
