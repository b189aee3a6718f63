// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Project.h"

#include "base/Text.h"
#include "session/Runs.h"

#include <unordered_map>

namespace foveate::session {
namespace {

nlohmann::json countsJson(const store::Counts& counts)
{
    return {{"samples", counts.samples},
            {"patients", counts.patients},
            {"events", counts.events},
            {"labelled", counts.labelled},
            {"read", counts.read},
            {"training", counts.training},
            {"val", counts.val},
            {"test", counts.test},
            {"damaged", counts.damaged},
            {"missing", counts.missing},
            {"quarantined", counts.quarantined},
            {"queued", counts.queued},
            {"per_class", counts.perClass}};
}

nlohmann::json runsJson(const std::string& runsFolder)
{
    nlohmann::json runs = nlohmann::json::array();
    for (const RunInfo& run : listRuns(runsFolder))
        runs.push_back({{"id", run.id},
                        {"job", run.job},
                        {"finished", run.finished},
                        {"labels", run.labels},
                        {"parent", run.parent.empty() ? nlohmann::json() : nlohmann::json(run.parent)}});
    return runs;
}

Result<nlohmann::json> samplesJson(Project& project)
{
    FOVEATE_TRY(const auto samples, project.study().samples());
    FOVEATE_TRY(const auto consensus, project.study().consensus());
    std::unordered_map<std::string, int> labels;
    for (const store::Consensus& said : consensus)
        if (said.classIndex)
            labels.emplace(said.sample, *said.classIndex);
    const LabelScheme scheme = project.file().labels();
    nlohmann::json list = nlohmann::json::array();
    for (const store::Sample& sample : samples) {
        const auto label = labels.find(sample.id);
        list.push_back(
            {{"id", sample.id},
             {"file", printable(sample.relativePath)},
             {"patient", sample.patient},
             {"split", name(sample.split)},
             {"state", store::name(sample.state)},
             {"label", label == labels.end() ? nlohmann::json() : nlohmann::json(scheme.text(label->second))}});
    }
    return list;
}

} // namespace

Result<nlohmann::json> info(Project& project, bool withSamples)
{
    FOVEATE_TRY(const store::Counts counts, project.study().counts());
    nlohmann::json document{{"project", project.file().name},           {"classes", project.file().classes},
                            {"modality", project.file().modality},      {"counts", countsJson(counts)},
                            {"multi_label", project.file().multiLabel}, {"policy", project.file().policy},
                            {"read_only", project.readOnly()},          {"runs", runsJson(project.runsFolder())}};
    if (withSamples) {
        FOVEATE_TRY(document["samples"], samplesJson(project));
    }
    return document;
}

} // namespace foveate::session
