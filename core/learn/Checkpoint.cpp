// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Checkpoint.h"

#include "base/AtomicFile.h"
#include "base/Log.h"
#include "base/Manifest.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <filesystem>
#include <unistd.h>
#include <vector>

namespace foveate::learn {
namespace {

namespace fs = std::filesystem;

struct Place {
    std::int64_t step;
    std::string folder;
};

std::string folderName(std::int64_t step)
{
    char name[32];
    std::snprintf(name, sizeof name, "%06lld", static_cast<long long>(step));
    return name;
}

bool isNumber(const std::string& name)
{
    return !name.empty() && name.size() <= 18 && name.find_first_not_of("0123456789") == std::string::npos;
}

/// Newest first; temporary folders are left out.
std::vector<Place> checkpointsOf(const std::string& runFolder)
{
    std::vector<Place> places;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(runFolder + "/checkpoints", error)) {
        const std::string name = entry.path().filename().string();
        if (isNumber(name))
            places.push_back({std::stoll(name), entry.path().string()});
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.step > b.step; });
    return places;
}

/// What a killed process left behind.
void removeTemporary(const std::string& folder)
{
    std::error_code error;
    std::vector<fs::path> old;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().filename().string().rfind(".tmp-", 0) == 0)
            old.push_back(entry.path());
    }
    for (const fs::path& path : old)
        fs::remove_all(path, error);
}

void removeOld(const std::string& runFolder, int keep)
{
    const std::vector<Place> places = checkpointsOf(runFolder);
    std::error_code error;
    for (std::size_t i = std::size_t(std::max(keep, 1)); i < places.size(); ++i)
        fs::remove_all(places[i].folder, error);
}

/// Without LibTorch's threads, which belong to the job: checkpoints are written while it goes on.
bool isFiniteFloat(const at::Tensor& tensor)
{
    const at::Tensor plain = tensor.contiguous();
    const float* values = plain.const_data_ptr<float>();
    std::uint32_t greatest = 0; // of the values without their signs, as bits: infinity and NaN are above all numbers
    for (std::int64_t i = 0; i < plain.numel(); ++i)
        greatest = std::max(greatest, std::bit_cast<std::uint32_t>(values[i]) & 0x7fffffffU);
    return greatest < 0x7f800000U;
}

Status writeContent(const std::string& folder, const Checkpoint& checkpoint)
{
    FOVEATE_CHECK(writeSafetensors(folder + "/weights.safetensors", {checkpoint.weights, {}}));
    FOVEATE_CHECK(writeSafetensors(folder + "/optimiser.safetensors", {checkpoint.optimiser, {}}));
    nlohmann::json state = checkpoint.state;
    state["step"] = checkpoint.step;
    FOVEATE_CHECK(writeFileAtomically(folder + "/state.json", state.dump()));
    return writeManifest(folder);
}

Result<Checkpoint> readCheckpoint(const Place& place)
{
    FOVEATE_CHECK(verifyManifest(place.folder));
    Checkpoint checkpoint;
    FOVEATE_TRY(Weights weights, readSafetensors(place.folder + "/weights.safetensors"));
    FOVEATE_TRY(Weights optimiser, readSafetensors(place.folder + "/optimiser.safetensors"));
    FOVEATE_TRY(const std::string text, readFile(place.folder + "/state.json", std::size_t(64) << 20));
    checkpoint.state = nlohmann::json::parse(text, nullptr, false);
    if (!checkpoint.state.is_object() || checkpoint.state.value("step", std::int64_t(-1)) != place.step)
        return fail(Code::corrupt, {place.folder, "state.json"});
    checkpoint.step = place.step;
    checkpoint.weights = std::move(weights.tensors);
    checkpoint.optimiser = std::move(optimiser.tensors);
    if (!isFinite(checkpoint))
        return fail(Code::nonFinite, {place.folder});
    return checkpoint;
}

} // namespace

bool isFinite(const Checkpoint& checkpoint)
{
    return std::all_of(checkpoint.weights.begin(), checkpoint.weights.end(), [](const auto& item) {
        return item.second.scalar_type() != at::kFloat || isFiniteFloat(item.second);
    });
}

Status writeCheckpoint(const std::string& runFolder, const Checkpoint& checkpoint, int keep)
{
    if (!isFinite(checkpoint))
        return fail(Code::nonFinite, {"weights"});
    const std::string parent = runFolder + "/checkpoints";
    FOVEATE_CHECK(makeFolder(parent));
    removeTemporary(parent);
    const std::string temporary = parent + "/.tmp-" + std::to_string(getpid());
    const std::string target = parent + "/" + folderName(checkpoint.step);
    std::error_code ignored;
    FOVEATE_CHECK(makeFolder(temporary));
    if (Status written = writeContent(temporary, checkpoint); !written) {
        fs::remove_all(temporary, ignored);
        return written;
    }
    fs::remove_all(target, ignored); // a broken one of the same step, passed over at the start
    FOVEATE_CHECK(publishFolder(temporary, target));
    FOVEATE_CHECK(verifyManifest(target));
    removeOld(runFolder, keep);
    return {};
}

Result<std::optional<Checkpoint>> readNewestCheckpoint(const std::string& runFolder)
{
    for (const Place& place : checkpointsOf(runFolder)) {
        Result<Checkpoint> checkpoint = readCheckpoint(place);
        if (checkpoint)
            return std::optional<Checkpoint>(std::move(*checkpoint));
        log::warning("checkpoint passed over: " + describe(checkpoint.error()));
    }
    return std::optional<Checkpoint>();
}

} // namespace foveate::learn
