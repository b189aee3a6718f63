// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Runs.h"

#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "session/PackKeeping.h"
#include "store/Presets.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

namespace foveate::session {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestOrigin = 1 << 20;

/// "0007-train" → 7 and "train"; nothing for another name.
struct RunName {
    int number = 0;
    std::string job;
};

std::optional<RunName> runName(const std::string& folder)
{
    RunName name;
    const char* const end = folder.data() + folder.size();
    const auto [rest, error] = std::from_chars(folder.data(), end, name.number);
    if (error != std::errc() || rest - folder.data() < 4 || name.number < 1)
        return std::nullopt;
    if (rest != end && *rest != '-')
        return std::nullopt;
    name.job = rest == end ? std::string() : std::string(rest + 1, end);
    return name;
}

std::vector<std::string> foldersIn(const std::string& folder)
{
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (at->is_directory(error))
            names.push_back(at->path().filename().string());
    return names;
}

std::string numbered(int number)
{
    char text[16];
    std::snprintf(text, sizeof text, "%04d", number);
    return text;
}

/// What the snapshot does not say shortly: written beside it for lists of runs.
nlohmann::json origin(const std::string& runFolder)
{
    const auto text = readFile(runFolder + "/input/origin.json", kLargestOrigin);
    const nlohmann::json json = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    return json.is_object() ? json : nlohmann::json::object();
}

std::string textAt(const nlohmann::json& json, const char* key)
{
    const auto at = json.find(key);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool exists(const std::string& path)
{
    return access(path.c_str(), F_OK) == 0;
}

RunInfo describeRun(const std::string& runsFolder, const std::string& id, const RunName& name, bool details)
{
    RunInfo run;
    run.id = id;
    run.folder = runsFolder + '/' + id;
    run.number = name.number;
    run.job = name.job;
    run.finished = hasManifest(run.folder);
    run.hasWeights = exists(run.folder + "/weights.safetensors");
    run.hasProbabilities = exists(run.folder + "/probabilities.npy");
    run.hasFeatures = exists(run.folder + "/features.npy");
    if (!details)
        return run;
    const nlohmann::json json = origin(run.folder);
    run.parent = textAt(json, "parent");
    run.model = textAt(json, "model");
    run.method = textAt(json, "method");
    run.labels = json.contains("labels") && json["labels"].is_number_integer() ? json["labels"].get<std::int64_t>() : 0;
    return run;
}

bool serves(const RunInfo& run, Need need)
{
    if (!run.finished)
        return false;
    switch (need) {
    case Need::pretrained: return run.hasWeights;
    case Need::trained: return run.job == "train" && run.hasProbabilities;
    case Need::features: return run.hasFeatures && run.hasWeights; // an embedding's own features start no other
    }
    return false;
}

/// Whether a run comes into question without being named: a training is no start for the next one.
bool isDefault(const RunInfo& run, Need need)
{
    return serves(run, need) && (need != Need::pretrained || run.job == "pretrain");
}

Result<std::optional<RunInfo>> namedRun(const std::vector<RunInfo>& runs, Need need, const std::string& wish)
{
    int number = 0;
    const auto [rest, error] = std::from_chars(wish.data(), wish.data() + wish.size(), number);
    const bool byNumber = error == std::errc() && rest == wish.data() + wish.size();
    for (const RunInfo& run : runs)
        if ((run.id == wish || (byNumber && run.number == number)) && serves(run, need))
            return std::optional(run);
    return fail(Code::notFound, {"run", wish});
}

Result<std::unordered_map<std::string, int>> consensusLabels(Project& project)
{
    FOVEATE_TRY(const auto consensus, project.study().consensus());
    std::unordered_map<std::string, int> labels;
    for (const store::Consensus& said : consensus)
        if (said.classIndex)
            labels.emplace(said.sample, *said.classIndex);
    return labels;
}

Result<std::vector<std::pair<std::int64_t, int>>> truthByRow(Project& project, const Snapshot& snapshot)
{
    FOVEATE_TRY(const auto truth, project.study().hiddenTruth());
    const std::unordered_map<std::string, int> byId(truth.begin(), truth.end());
    std::vector<std::pair<std::int64_t, int>> rows;
    for (const SnapshotSample& sample : snapshot.samples) {
        const auto known = byId.find(sample.id);
        if (known != byId.end())
            rows.emplace_back(sample.row, known->second);
        else if (sample.label)
            rows.emplace_back(sample.row, *sample.label);
    }
    if (rows.empty())
        return fail(Code::noTruth);
    return rows;
}

Status writeOrigin(const std::string& folder, const Snapshot& snapshot, const RunWish& wish)
{
    const auto labels =
        std::count_if(snapshot.samples.begin(), snapshot.samples.end(), [](const SnapshotSample& sample) {
            return sample.label && sample.split != Split::val && sample.split != Split::test;
        });
    const nlohmann::json json{{"job", wish.job},
                              {"parent", wish.parent ? wish.parent->id : std::string()},
                              {"labels", labels},
                              {"model", textAt(wish.options, "model")},
                              {"method", textAt(wish.options, "method")}};
    return writeFileAtomically(folder + "/input/origin.json", json.dump());
}

} // namespace

Status linkOrCopy(const std::string& from, const std::string& to)
{
    if (link(from.c_str(), to.c_str()) == 0)
        return {};
    if (errno == ENOENT)
        return fail(Code::notFound, {"file", from});
    std::error_code error;
    fs::copy_file(from, to, error);
    return error ? tl::unexpected(errnoError(error.value(), to)) : Status();
}

std::vector<RunInfo> listRuns(const std::string& runsFolder, bool details)
{
    std::vector<RunInfo> runs;
    for (const std::string& id : foldersIn(runsFolder))
        if (const auto name = runName(id); name && !name->job.empty())
            runs.push_back(describeRun(runsFolder, id, *name, details));
    std::sort(runs.begin(), runs.end(), [](const RunInfo& a, const RunInfo& b) { return a.number < b.number; });
    return runs;
}

std::vector<RunInfo> trainedRuns(const std::string& runsFolder)
{
    std::vector<RunInfo> runs = listRuns(runsFolder);
    std::erase_if(runs, [](const RunInfo& run) { return !isDefault(run, Need::trained); });
    std::reverse(runs.begin(), runs.end());
    return runs;
}

Result<std::optional<RunInfo>> chooseRun(const Project& project, Need need, const std::string& wish)
{
    if (wish == "none")
        return std::optional<RunInfo>();
    const std::vector<RunInfo> runs = listRuns(project.runsFolder());
    if (!wish.empty() && wish != "newest")
        return namedRun(runs, need, wish);
    const auto newest =
        std::find_if(runs.rbegin(), runs.rend(), [&](const RunInfo& run) { return isDefault(run, need); });
    if (newest != runs.rend())
        return std::optional(*newest);
    if (need == Need::pretrained && wish.empty())
        return std::optional<RunInfo>();
    return fail(Code::needsTraining, {need == Need::pretrained ? "pretrain" : "train"});
}

Result<nlohmann::json> trainingOptions(const store::ProjectFile& file, nlohmann::json options, bool hasParent)
{
    const store::TrainingRecipe& recipe = file.training;
    const auto say = [&](const std::string& key, const nlohmann::json& value) {
        if (!options.contains(key))
            options[key] = value;
    };
    say("preset", recipe.preset);
    const auto name = options["preset"].get<std::string>();
    FOVEATE_TRY(const std::string text, store::presetJson(name));
    const nlohmann::json preset = nlohmann::json::parse(text);
    if (name == recipe.preset) {
        if (recipe.epochs > 0)
            say("epochs", recipe.epochs);
        if (recipe.batch > 0)
            say("batch", recipe.batch);
        if (recipe.learningRate > 0)
            say("learning_rate", recipe.learningRate);
    }
    for (const auto& [key, value] : preset.items())
        if (key != "model" && key != "size")
            say(key, value);
    if (!hasParent) {
        say("model", preset.value("model", recipe.model));
        say("size", std::min(preset.value("size", recipe.size), file.packSize));
    }
    return options;
}

Result<Snapshot> takeSnapshot(Project& project, const RunWish& wish)
{
    FOVEATE_TRY(const auto samples, project.study().samples());
    FOVEATE_TRY(const auto labels, consensusLabels(project));
    FOVEATE_TRY(const auto queue, project.study().queue());
    std::unordered_set<std::string> pool;
    for (const store::QueueItem& item : queue)
        pool.insert(item.sample);
    Snapshot snapshot;
    snapshot.project = project.file().uuid;
    FOVEATE_TRY(snapshot.eventHeads, project.study().eventHeads());
    snapshot.classes = project.file().classes;
    snapshot.multiLabel = project.file().multiLabel;
    snapshot.modality = project.file().modality;
    snapshot.job = wish.job;
    snapshot.options = wish.options;
    snapshot.seed = wish.seed;
    snapshot.threads = wish.threads;
    snapshot.processes = wish.processes;
    snapshot.device = wish.device;
    snapshot.dtype = wish.dtype;
    for (const store::Sample& sample : samples) {
        if (sample.state != store::SampleState::ok || sample.packRow < 0)
            continue;
        const auto label = labels.find(sample.id);
        snapshot.samples.push_back({sample.packRow, sample.id, sample.patient, sample.split,
                                    label == labels.end() ? std::nullopt : std::optional(label->second), 1});
        if (pool.contains(sample.id))
            snapshot.pool.push_back(sample.packRow);
    }
    if (snapshot.samples.empty())
        return fail(Code::notFound, {"sample", "import"});
    return snapshot;
}

Status writeRunInput(const std::string& folder, Snapshot snapshot, const std::string& pack,
                     const std::optional<std::string>& parentWeights,
                     const std::vector<std::pair<std::int64_t, int>>* truth)
{
    FOVEATE_CHECK(makeFolder(folder + "/input"));
    FOVEATE_CHECK(linkOrCopy(pack, folder + "/input/pack"));
    snapshot.pack = "pack";
    snapshot.parent.reset();
    if (parentWeights) {
        FOVEATE_CHECK(linkOrCopy(*parentWeights, folder + "/input/weights.safetensors"));
        snapshot.parent = "weights.safetensors";
    }
    if (truth)
        FOVEATE_CHECK(writeTruth(folder, *truth));
    // Last: a folder with a snapshot has all that it names.
    return writeSnapshot(folder, snapshot);
}

Result<std::string> newRunFolder(const std::string& runsFolder, const std::string& name)
{
    FOVEATE_CHECK(makeFolder(runsFolder));
    const auto highest = [&] {
        int number = 0;
        for (const std::string& id : foldersIn(runsFolder))
            if (const auto run = runName(id))
                number = std::max(number, run->number);
        return number;
    };
    for (int number = highest() + 1;; ++number) {
        const std::string bare = runsFolder + '/' + numbered(number);
        if (mkdir(bare.c_str(), 0700) != 0) {
            if (errno == EEXIST)
                continue;
            return tl::unexpected(errnoError(errno, bare));
        }
        // Somebody may have taken the number and named its folder between our look and our mkdir.
        int holders = 0;
        for (const std::string& id : foldersIn(runsFolder))
            if (const auto run = runName(id); run && run->number == number)
                ++holders;
        const std::string folder = bare + '-' + name;
        if (holders == 1 && rename(bare.c_str(), folder.c_str()) == 0)
            return folder;
        rmdir(bare.c_str());
    }
}

Result<RunPlan> planRun(Project& project, const RunWish& asked)
{
    RunPlan plan{asked, {}, {}, project.runsFolder(), project.packPath()};
    if (plan.wish.job == "train") {
        FOVEATE_TRY(plan.wish.options,
                    trainingOptions(project.file(), plan.wish.options, plan.wish.parent.has_value()));
    }
    FOVEATE_CHECK(ensurePack(project));
    FOVEATE_TRY(plan.snapshot, takeSnapshot(project, plan.wish));
    if (plan.wish.withTruth) {
        FOVEATE_TRY(plan.truth, truthByRow(project, plan.snapshot));
    }
    return plan;
}

Result<std::string> makeRun(RunPlan plan)
{
    if (plan.wish.parent)
        FOVEATE_CHECK(verifyManifestFile(plan.wish.parent->folder, "weights.safetensors"));
    FOVEATE_TRY(const std::string folder, newRunFolder(plan.runsFolder, plan.wish.job));
    FOVEATE_CHECK(makeFolder(folder + "/input"));
    FOVEATE_CHECK(writeOrigin(folder, plan.snapshot, plan.wish));
    if (!plan.wish.previousMap.empty())
        for (const char* name : {"map.npy", "rows.npy"})
            FOVEATE_CHECK(linkOrCopy(plan.wish.previousMap + "/" + name, folder + "/input/previous-" + name));
    std::optional<std::string> weights;
    if (plan.wish.parent)
        weights = plan.wish.parent->folder + "/weights.safetensors";
    else if (!plan.wish.weights.empty())
        weights = plan.wish.weights;
    FOVEATE_CHECK(
        writeRunInput(folder, std::move(plan.snapshot), plan.pack, weights, plan.truth ? &*plan.truth : nullptr));
    return folder;
}

Result<std::string> prepareRun(Project& project, const RunWish& wish)
{
    FOVEATE_TRY(RunPlan plan, planRun(project, wish));
    return makeRun(std::move(plan));
}

} // namespace foveate::session
