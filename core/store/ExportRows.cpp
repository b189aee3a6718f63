// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ExportRows.h"

#include "base/Text.h"
#include "store/Projection.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace foveate::store {
namespace {

using Json = nlohmann::ordered_json;

/// What the reader had on the screen, from the event.
void addVisible(ExportRow& row, const std::string& visible)
{
    const Json json = Json::parse(visible, nullptr, false);
    if (!json.is_object())
        return;
    const auto shown = [&](const char* key) {
        const auto entry = json.find(key);
        return entry != json.end() && entry->is_boolean() && entry->get<bool>();
    };
    row.aiSeen = shown("overlay") || shown("prediction");
    if (const auto policy = json.find("policy"); policy != json.end() && policy->is_string())
        row.policy = policy->get<std::string>();
}

std::optional<std::string> textOf(const LabelScheme& labels, std::optional<int> label)
{
    return label && labels.holds(*label) ? std::optional(labels.text(*label)) : std::nullopt;
}

/// Shares of the classes over the readers who gave a label.
std::string softLabel(const std::vector<const CurrentLabel*>& labels, const LabelScheme& scheme)
{
    const bool others = std::any_of(labels.begin(), labels.end(), [](const CurrentLabel* label) {
        return label->reader != kImportReader && label->state == EventKind::label;
    });
    std::map<std::size_t, int> votes;
    int total = 0;
    for (const CurrentLabel* label : labels) {
        if (label->state != EventKind::label || !label->classIndex || (others && label->reader == kImportReader))
            continue;
        for (const std::size_t c : scheme.classesOf(*label->classIndex))
            ++votes[c];
        ++total;
    }
    Json json = Json::object();
    for (const auto& [index, count] : votes)
        json[scheme.classes[index]] = double(count) / total;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status addEvent(Study& study, ExportRow& row, const CurrentLabel& label)
{
    FOVEATE_TRY(const std::optional<Event> event, study.find(label.event));
    row.reader = label.reader;
    row.state = name(label.state);
    row.label = textOf(study.project().labels(), label.classIndex);
    if (!event)
        return fail(Code::corrupt, {"event", label.event, "missing"});
    row.utc = event->utc;
    row.activeMs = event->activeMs;
    row.confidence = event->confidence;
    row.model = event->model;
    row.batch = event->batch;
    addVisible(row, event->visible);
    return {};
}

std::string patientName(const Sample& sample)
{
    return std::to_string(sample.patient);
}

std::string number(std::optional<double> value)
{
    return value ? Json(*value).dump() : std::string();
}

} // namespace

Result<std::vector<ExportRow>> exportRows(Study& study, const ExportOptions& options)
{
    FOVEATE_TRY(const std::vector<Sample> samples, study.samples());
    FOVEATE_TRY(const std::vector<CurrentLabel> labels, study.currentLabels());
    FOVEATE_TRY(const std::vector<Consensus> agreed, study.consensus());
    std::map<std::string, std::vector<const CurrentLabel*>> labelsOf;
    for (const CurrentLabel& label : labels)
        labelsOf[label.sample].push_back(&label);
    std::map<std::string, std::optional<int>> consensusOf;
    for (const Consensus& one : agreed)
        consensusOf[one.sample] = one.classIndex;
    const std::set<std::string> only(options.only.begin(), options.only.end());
    std::vector<ExportRow> rows;
    for (const Sample& sample : samples) {
        ExportRow base;
        base.consensus = textOf(study.project().labels(), consensusOf[sample.id]);
        if ((!only.empty() && !only.contains(sample.id)) || (options.labelledOnly && !base.consensus))
            continue;
        base.sample = sample;
        base.path = options.originalPaths ? printable(sample.relativePath) : std::string();
        base.softLabel = softLabel(labelsOf[sample.id], study.project().labels());
        for (const CurrentLabel* label : labelsOf[sample.id]) {
            ExportRow row = base;
            FOVEATE_CHECK(addEvent(study, row, *label));
            rows.push_back(std::move(row));
        }
        if (labelsOf[sample.id].empty())
            rows.push_back(std::move(base));
    }
    return rows;
}

std::vector<ExportRow> perImage(const std::vector<ExportRow>& rows)
{
    std::vector<ExportRow> images;
    for (const ExportRow& row : rows) {
        if (images.empty() || images.back().sample.id != row.sample.id) {
            images.push_back(row);
            images.back().label = row.consensus;
            continue;
        }
        ExportRow& image = images.back();
        image.reader += ";" + row.reader;
        image.activeMs += row.activeMs;
        image.aiSeen |= row.aiSeen;
        image.utc = std::max(image.utc, row.utc);
    }
    return images;
}

std::string csvLine(const ExportRow& row)
{
    const std::array<std::string, kExportColumns.size()> cells{row.sample.id,
                                                               csvCell(row.path),
                                                               hex(row.sample.fileSha),
                                                               csvCell(row.label.value_or("")),
                                                               csvCell(row.softLabel),
                                                               number(row.confidence),
                                                               csvCell(row.reader),
                                                               row.utc,
                                                               std::to_string(row.activeMs),
                                                               row.aiSeen ? "true" : "false",
                                                               csvCell(row.policy),
                                                               csvCell(row.model),
                                                               std::to_string(row.batch),
                                                               patientName(row.sample),
                                                               std::string(name(row.sample.split)),
                                                               row.state,
                                                               std::string(name(row.sample.state)),
                                                               csvCell(row.consensus.value_or(""))};
    std::string line;
    for (const std::string& cell : cells)
        line += (line.empty() ? "" : ",") + cell;
    return line;
}

std::string jsonLine(const ExportRow& row)
{
    const auto orNull = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
    const Json json{{"id", row.sample.id},
                    {"path", row.path},
                    {"sha256", hex(row.sample.fileSha)},
                    {"label", orNull(row.label)},
                    {"soft_label", Json::parse(row.softLabel, nullptr, false)},
                    {"confidence", orNull(row.confidence)},
                    {"reader", row.reader},
                    {"utc", row.utc},
                    {"active_ms", row.activeMs},
                    {"ai_seen", row.aiSeen},
                    {"policy", row.policy},
                    {"model", row.model},
                    {"batch", row.batch},
                    {"patient", row.sample.patient},
                    {"split", name(row.sample.split)},
                    {"state", row.state},
                    {"image_state", name(row.sample.state)},
                    {"consensus", orNull(row.consensus)}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace foveate::store
