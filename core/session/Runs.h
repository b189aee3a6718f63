// SPDX-License-Identifier: GPL-3.0-or-later
// The runs of a project: what lies there, which one to start from, and the folder of a new one (contract.md §3).
//
// Numbers are taken by mkdir, so two programs never share one. A new folder is complete by itself: the pixel pack and
// the parent's weights are hard links (copies across file systems). Thread: one at a time.
#pragma once

#include "base/Result.h"
#include "base/RunFolder.h"
#include "session/Project.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace foveate::session {

struct RunInfo {
    std::string id;     ///< folder name, "0007-train"
    std::string folder; ///< absolute
    int number = 0;
    std::string job;       ///< pretrain, train, predict, embed, explain, simulate
    bool finished = false; ///< MANIFEST.json is there
    bool hasWeights = false;
    bool hasProbabilities = false;
    bool hasFeatures = false;
    std::string parent;        ///< run it started from, ""
    std::int64_t labels = 0;   ///< labelled samples in its snapshot
    std::string model, method; ///< as run.json or the options say
};

/// By number. A folder that cannot be understood is left out. `details`: read snapshots too (parent, labels, model).
std::vector<RunInfo> listRuns(const std::string& runsFolder, bool details = true);

/// Finished trainings, the newest first: what Need::trained is served by.
std::vector<RunInfo> trainedRuns(const std::string& runsFolder);

/// What a verb needs of the run that it starts from.
enum class Need { pretrained, trained, features };

/// `--run`: "" is the newest finished run that has what is needed, "none" no run, else the id, its number, or
/// "newest". needsTraining (args: verb to run first) when a trained run or features are needed and none is there; a
/// pretrained one may be absent (nothing). notFound (run, id) for a run that is named and missing, unfinished or
/// without what is needed.
Result<std::optional<RunInfo>> chooseRun(const Project& project, Need need, const std::string& wish);

struct RunWish {
    std::string job;                                   ///< pretrain, train, predict, embed, explain, select
    nlohmann::json options = nlohmann::json::object(); ///< as the engine's job documents them
    std::uint64_t seed = 1;
    int threads = 0;
    int processes = 1; ///< that train together on this machine
    std::string device = "auto";
    std::string dtype = "auto";
    std::optional<RunInfo> parent; ///< its weights are linked
    std::string weights;           ///< a safetensors file to start from where there is no parent; linked
    bool withTruth = false;        ///< pretrain --evaluate only
    std::string previousMap;       ///< embed: folder of the run whose map is gone on from; "" for none
};

/// What the database says now, as a snapshot: samples that are ok, their sides, consensus labels, and the pool
/// (unlabelled training samples). A sample without a side trains. REQUIRES: project.held().
Result<Snapshot> takeSnapshot(Project& project, const RunWish& wish);

/// `options` of a train job with, for what they do not say, the values of their preset (store/Presets.h; the project's
/// when they name none) and the project's recipe. Model and size are the parent's where there is one. notFound (args:
/// "preset", name).
Result<nlohmann::json> trainingOptions(const store::ProjectFile& file, nlohmann::json options, bool hasParent);

/// A new run as values: what is left to do is on the disk alone, on any thread.
struct RunPlan {
    RunWish wish;
    Snapshot snapshot;
    std::optional<std::vector<std::pair<std::int64_t, int>>> truth;
    std::string runsFolder, pack;
};
/// corrupt when the parent's weights are not what its manifest says. REQUIRES: project.held().
Result<RunPlan> planRun(Project& project, const RunWish& wish);
/// Makes runs/NNNN-job/ with input/ and returns its folder.
Result<std::string> makeRun(RunPlan plan);
/// Both.
Result<std::string> prepareRun(Project& project, const RunWish& wish);

/// Makes `folder` (which must not exist) a run folder: snapshot, truth when given, links to pack and parent's
/// weights.
Status writeRunInput(const std::string& folder, Snapshot snapshot, const std::string& pack,
                     const std::optional<std::string>& parentWeights,
                     const std::vector<std::pair<std::int64_t, int>>* truth = nullptr);

/// A hard link, or a copy across file systems. notFound (args: "file", path).
Status linkOrCopy(const std::string& from, const std::string& to);

/// runs/NNNN-`name`/ taken by mkdir.
Result<std::string> newRunFolder(const std::string& runsFolder, const std::string& name);

} // namespace foveate::session
