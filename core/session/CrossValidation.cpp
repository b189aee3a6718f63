// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/CrossValidation.h"

#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "base/Npy.h"
#include "base/Random.h"
#include "session/Evaluation.h"
#include "session/Selection.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>

namespace foveate::session {
namespace {

namespace fs = std::filesystem;

struct PatientLabels {
    int label = 0; ///< the most frequent one
    std::vector<std::size_t> images;
};

std::vector<PatientLabels> patientsOf(const std::vector<SnapshotSample>& samples)
{
    std::map<std::int64_t, std::vector<std::size_t>> byPatient;
    for (std::size_t i = 0; i < samples.size(); ++i)
        byPatient[samples[i].patient].push_back(i);
    std::vector<PatientLabels> patients;
    for (auto& [patient, images] : byPatient) {
        std::map<int, int> counts;
        for (const std::size_t image : images)
            ++counts[*samples[image].label];
        const auto most = std::max_element(counts.begin(), counts.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        patients.push_back({most->first, std::move(images)});
    }
    return patients;
}

/// The labelled training images of a run, as it saw them.
Result<Snapshot> labelledOf(const RunInfo& training)
{
    FOVEATE_TRY(Snapshot snapshot, readSnapshot(training.folder));
    std::erase_if(snapshot.samples, [](const SnapshotSample& sample) {
        return !sample.label || sample.split == Split::val || sample.split == Split::test;
    });
    snapshot.pool.clear();
    const auto labels = std::int64_t(snapshot.samples.size());
    if (labels < kFewestReferences)
        return fail(Code::needsLabels, {std::to_string(labels), std::to_string(kFewestReferences), "label"});
    return snapshot;
}

/// Every fold's training side must show two classes.
Status checkFolds(const std::vector<SnapshotSample>& samples, const std::vector<int>& folds)
{
    const int count = *std::max_element(folds.begin(), folds.end()) + 1;
    for (int fold = 0; fold < count; ++fold) {
        std::set<int> classes;
        for (std::size_t i = 0; i < samples.size(); ++i)
            if (folds[i] != fold)
                classes.insert(*samples[i].label);
        if (classes.size() < 2)
            return fail(Code::needsClasses, {std::to_string(classes.size())});
    }
    return {};
}

Result<std::string> makeFolderFor(const std::string& runsFolder, const RunInfo& training, const Snapshot& labelled)
{
    FOVEATE_TRY(const std::string folder, newRunFolder(runsFolder, "crossval"));
    FOVEATE_CHECK(makeFolder(folder + "/input"));
    const nlohmann::json origin{{"job", "crossval"},
                                {"parent", training.id},
                                {"labels", labelled.samples.size()},
                                {"model", training.model},
                                {"method", training.method}};
    FOVEATE_CHECK(writeFileAtomically(folder + "/input/origin.json", origin.dump()));
    FOVEATE_CHECK(writeSnapshot(folder, labelled));
    return folder;
}

} // namespace

std::vector<int> foldsOf(const std::vector<SnapshotSample>& samples, std::uint64_t seed)
{
    std::vector<PatientLabels> patients = patientsOf(samples);
    Random::derive(seed, "folds").shuffle(patients);
    std::stable_sort(patients.begin(), patients.end(),
                     [](const PatientLabels& a, const PatientLabels& b) { return a.images.size() > b.images.size(); });
    const std::size_t count = std::min<std::size_t>(kFolds, patients.size());
    std::array<std::map<int, std::size_t>, kFolds> ofClass;
    std::array<std::size_t, kFolds> all{};
    std::vector<int> folds(samples.size(), 0);
    for (const PatientLabels& patient : patients) {
        std::size_t best = 0;
        const auto load = [&](std::size_t fold) { return std::pair(ofClass[fold][patient.label], all[fold]); };
        for (std::size_t fold = 1; fold < count; ++fold)
            if (load(fold) < load(best))
                best = fold;
        ofClass[best][patient.label] += patient.images.size();
        all[best] += patient.images.size();
        for (const std::size_t image : patient.images)
            folds[image] = int(best);
    }
    return folds;
}

std::optional<RunInfo> crossValidationOf(const std::string& runsFolder, const RunInfo& training)
{
    for (const RunInfo& run : listRuns(runsFolder))
        if (run.job == "crossval" && run.parent == training.id)
            return run;
    return {};
}

Result<CrossValidation> beginCrossValidation(const std::string& runsFolder, const RunInfo& training)
{
    FOVEATE_TRY(const Snapshot labelled, labelledOf(training));
    const std::vector<int> folds = foldsOf(labelled.samples, labelled.seed);
    FOVEATE_CHECK(checkFolds(labelled.samples, folds));
    CrossValidation validation;
    validation.training = training.folder;
    validation.folds = *std::max_element(folds.begin(), folds.end()) + 1;
    if (const auto begun = crossValidationOf(runsFolder, training); begun && readSnapshot(begun->folder)) {
        validation.folder = begun->folder;
        return validation;
    }
    FOVEATE_TRY(validation.folder, makeFolderFor(runsFolder, training, labelled));
    return validation;
}

Status prepareFold(const CrossValidation& validation, int fold)
{
    const std::string folder = validation.foldFolder(fold);
    if (readSnapshot(folder))
        return {};
    FOVEATE_TRY(Snapshot snapshot, readSnapshot(validation.folder));
    const std::vector<int> folds = foldsOf(snapshot.samples, snapshot.seed);
    for (std::size_t i = 0; i < snapshot.samples.size(); ++i) {
        if (folds[i] != fold)
            continue;
        snapshot.samples[i].label.reset();
        snapshot.pool.push_back(snapshot.samples[i].row);
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored); // half made
    const std::string input = validation.training + "/input/";
    const auto weights = snapshot.parent ? std::optional(input + "weights.safetensors") : std::nullopt;
    return writeRunInput(folder, std::move(snapshot), input + "pack", weights);
}

Status finishCrossValidation(const CrossValidation& validation)
{
    FOVEATE_TRY(const Snapshot snapshot, readSnapshot(validation.folder));
    const std::vector<int> folds = foldsOf(snapshot.samples, snapshot.seed);
    std::vector<float> probabilities;
    std::vector<std::int64_t> rows;
    for (int fold = 0; fold < validation.folds; ++fold) {
        FOVEATE_TRY(const RunArrays arrays, readRunArrays(validation.foldFolder(fold)));
        const std::size_t classes = arrays.probabilities.columns();
        std::unordered_map<std::int64_t, std::size_t> place;
        for (std::size_t i = 0; i < arrays.rows.size(); ++i)
            place.emplace(arrays.rows[i], i);
        for (std::size_t i = 0; i < snapshot.samples.size(); ++i) {
            const auto at = place.find(snapshot.samples[i].row);
            if (folds[i] != fold || at == place.end())
                continue;
            const auto first = arrays.probabilities.data.begin() + std::ptrdiff_t(at->second * classes);
            probabilities.insert(probabilities.end(), first, first + std::ptrdiff_t(classes));
            rows.push_back(snapshot.samples[i].row);
        }
    }
    if (rows.empty())
        return fail(Code::corrupt, {validation.folder, "no fold says anything"});
    FOVEATE_CHECK(writeNpy<float>(validation.folder + "/probabilities.npy",
                                  {rows.size(), probabilities.size() / rows.size()}, probabilities));
    FOVEATE_CHECK(writeNpy<std::int64_t>(validation.folder + "/rows.npy", {rows.size()}, rows));
    std::error_code ignored;
    fs::remove_all(validation.folder + "/folds", ignored);
    return writeManifest(validation.folder);
}

} // namespace foveate::session
