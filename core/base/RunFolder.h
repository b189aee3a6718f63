// SPDX-License-Identifier: GPL-3.0-or-later
// A run folder's input: the engine's whole world, as `foveate` writes it and the engine reads it (contract.md §3).
//
// A multi-label study's snapshot says "labels": "several", and each sample's label is the list of its classes' indices.
#pragma once

#include "base/Labels.h"
#include "base/Result.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace foveate {

enum class Split { none, train, val, test };
std::string_view name(Split split);
Result<Split> splitFromName(std::string_view text);

struct SnapshotSample {
    std::int64_t row = 0;     ///< record in the pack
    std::string id;           ///< 16 hex digits, "-N" for a frame
    std::int64_t patient = 0; ///< number inside this project
    Split split = Split::none;
    std::optional<int> label; ///< base/Labels.h; what readers have said, never hidden truth
    double weight = 1;
};

struct Snapshot {
    static constexpr int kFormat = 1;
    std::string project;                 ///< UUID
    std::vector<std::string> eventHeads; ///< hex hashes of the writers' last events
    std::vector<std::string> classes;
    bool multiLabel = false;
    std::string modality; ///< "oct", "xray", "histology"
    std::vector<SnapshotSample> samples;
    std::vector<std::int64_t> pool;    ///< rows that may be ranked
    std::string pack = "pack";         ///< relative to input/
    std::optional<std::string> parent; ///< weights relative to input/
    std::string job;                   ///< "pretrain", "views", "train", "predict", "explain", "embed", "select"
    nlohmann::json options = nlohmann::json::object();
    std::uint64_t seed = 1;
    int threads = 0;             ///< 0: the engine decides and writes it into run.json
    int processes = 1;           ///< that train together on this machine and share the threads
    std::string dtype = "auto";  ///< auto, float32, bfloat16
    std::string device = "auto"; ///< auto, cpu, cuda

    LabelScheme labels() const { return {classes, multiLabel}; }
};

/// Writes input/snapshot.json atomically.
Status writeSnapshot(const std::string& runFolder, const Snapshot& snapshot);
/// Strict: unknown job, missing keys or wrong types are badInput; a newer format is newerVersion.
Result<Snapshot> readSnapshot(const std::string& runFolder);

/// input/truth.json: row → label as a number; only for evaluate, simulate and pretrain --evaluate.
Status writeTruth(const std::string& runFolder, const std::vector<std::pair<std::int64_t, int>>& truth);
Result<std::vector<std::pair<std::int64_t, int>>> readTruth(const std::string& runFolder);

} // namespace foveate
