// SPDX-License-Identifier: GPL-3.0-or-later
// project.toml: what a study is about, for people to read and edit.
//
// Read strictly (a wrong type, an unknown modality or a class list with twins is badInput: file, line and key) and
// written atomically. Keys this program does not know are kept. uuid, classes, multi_label, modality, pack size and fit
// are also in the database; where the two differ the database wins and Study::differences() names the key.
#pragma once

#include "base/Labels.h"
#include "base/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace foveate::store {

/// The recipe of `train` as the project wants it; flags override.
struct TrainingRecipe {
    std::string preset = "small";
    std::string model = "resnet18";
    int size = 224;          ///< pixels a side, ≤ pack size is what the data holds
    int epochs = 0;          ///< 0: the preset's
    int batch = 0;           ///< 0: the preset's
    double learningRate = 0; ///< 0: the preset's
    bool operator==(const TrainingRecipe&) const = default;
};

struct ProjectFile {
    std::string uuid;                 ///< made by Study::create when empty
    std::string name;                 ///< shown in the title
    std::vector<std::string> classes; ///< any text, no twins, none empty; the index is what is stored
    bool multiLabel = false;          ///< several classes, or none, may apply to one image
    std::string modality = "oct";     ///< oct, xray, histology
    std::string policy = "blind";     ///< blind, after
    int packSize = 256;               ///< pixels a side of the pixel pack, 16…4096
    std::string fit = "squash";       ///< squash, pad
    std::string splitRule = "none";   ///< as `import --split` had it; for the record
    int retrainAfter = 10;            ///< new labels, ≥ 1
    int minimumClasses = 2;           ///< before the first training, ≥ 2
    int batchSize = 20;               ///< images a batch, ≥ 1
    std::string strategy = "entropy"; ///< what picks the next batch
    std::uint64_t seed = 1;
    TrainingRecipe training;
    std::string unknown; ///< TOML of the keys we do not know, written back as they were

    LabelScheme labels() const { return {classes, multiLabel}; }
    /// 3 for histology, 1 otherwise.
    int channels() const { return modality == "histology" ? 3 : 1; }
    bool operator==(const ProjectFile&) const = default;
};

/// badInput (file, line, key) for anything this structure cannot hold.
Status checkProject(const ProjectFile& project, const std::string& path);
Result<ProjectFile> readProjectFile(const std::string& path);
Status writeProjectFile(const std::string& path, const ProjectFile& project);
std::string projectToml(const ProjectFile& project);
Result<ProjectFile> projectFromToml(const std::string& toml, const std::string& path);

} // namespace foveate::store
