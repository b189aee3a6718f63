// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/RunFolder.h"

#include "base/AtomicFile.h"
#include "base/Text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <unordered_set>

namespace foveate {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr std::array<std::string_view, 4> kSplits{"none", "train", "val", "test"};
constexpr std::array<std::string_view, 7> kJobs{"pretrain", "views", "train", "predict", "explain", "embed", "select"};
constexpr std::array<std::string_view, 3> kDtypes{"auto", "float32", "bfloat16"};
constexpr std::array<std::string_view, 3> kDevices{"auto", "cpu", "cuda"};
constexpr const char* kSeveral = "several";
constexpr int kMostThreads = 4096;
constexpr int kMostProcesses = 256;

std::string inputPath(const std::string& runFolder, const char* file)
{
    return (fs::path(runFolder) / "input" / file).string();
}

json encodeLabel(const std::optional<int>& label, const LabelScheme& labels)
{
    if (!label)
        return {};
    return labels.multi ? json(labels.classesOf(*label)) : json(*label);
}

json encodeSample(const SnapshotSample& sample, const LabelScheme& labels)
{
    return {{"row", sample.row},
            {"id", sample.id},
            {"patient", sample.patient},
            {"split", name(sample.split)},
            {"label", encodeLabel(sample.label, labels)},
            {"weight", sample.weight}};
}

json encodeSnapshot(const Snapshot& snapshot)
{
    const LabelScheme labels = snapshot.labels();
    json samples = json::array();
    for (const SnapshotSample& sample : snapshot.samples)
        samples.push_back(encodeSample(sample, labels));
    json document{{"format", Snapshot::kFormat},
                  {"project", snapshot.project},
                  {"event_heads", snapshot.eventHeads},
                  {"classes", snapshot.classes},
                  {"modality", snapshot.modality},
                  {"samples", std::move(samples)},
                  {"pool", snapshot.pool},
                  {"pack", snapshot.pack},
                  {"parent", snapshot.parent ? json(*snapshot.parent) : json()},
                  {"job", snapshot.job},
                  {"options", snapshot.options},
                  {"seed", snapshot.seed},
                  {"threads", snapshot.threads},
                  {"processes", snapshot.processes},
                  {"dtype", snapshot.dtype},
                  {"device", snapshot.device}};
    if (snapshot.multiLabel)
        document["labels"] = kSeveral;
    return document;
}

/// Takes the members of one JSON object, each with its type; what nobody asked for is an error at the end.
/// The first fault is kept and everything after it is skipped.
class Members {
public:
    Members(const json& object, std::string where) : m_object(object), m_where(std::move(where))
    {
        if (!object.is_object())
            fault("not an object");
    }

    template <typename T> void take(const char* key, T& value)
    {
        const json* member = find(key);
        if (member && !convert(*member, value))
            fault(std::string("the type or range of ") + key);
    }

    template <typename T> void takeOptional(const char* key, std::optional<T>& value)
    {
        const json* member = find(key);
        if (!member || member->is_null())
            return;
        T present{};
        if (convert(*member, present))
            value = std::move(present);
        else
            fault(std::string("the type or range of ") + key);
    }

    /// Of a member that older versions do not write.
    template <typename T> void takeIfThere(const char* key, T& value)
    {
        if (m_object.contains(key))
            take(key, value);
    }

    const json* find(const char* key)
    {
        if (!m_fault.empty())
            return nullptr;
        const auto found = m_object.find(key);
        if (found == m_object.end()) {
            fault(std::string("no ") + key);
            return nullptr;
        }
        ++m_taken;
        return &*found;
    }

    void require(bool condition, const char* what)
    {
        if (!condition)
            fault(what);
    }

    Status done(const std::string& path)
    {
        if (m_fault.empty() && m_taken != m_object.size())
            fault("a member that is not known");
        if (m_fault.empty())
            return {};
        return fail(Code::badInput, {path, m_where + ": " + m_fault});
    }

private:
    static bool convert(const json& member, std::string& value)
    {
        if (!member.is_string())
            return false;
        value = member.get_ref<const std::string&>();
        return true;
    }

    static bool convert(const json& member, std::int64_t& value)
    {
        if (!member.is_number_integer() ||
            (member.is_number_unsigned() && member.get<std::uint64_t>() > std::uint64_t(INT64_MAX)))
            return false;
        value = member.get<std::int64_t>();
        return true;
    }

    static bool convert(const json& member, int& value)
    {
        std::int64_t wide = 0;
        if (!convert(member, wide) || wide < INT32_MIN || wide > INT32_MAX)
            return false;
        value = int(wide);
        return true;
    }

    static bool convert(const json& member, std::uint64_t& value)
    {
        if (!member.is_number_unsigned())
            return false;
        value = member.get<std::uint64_t>();
        return true;
    }

    static bool convert(const json& member, double& value)
    {
        if (!member.is_number())
            return false;
        value = member.get<double>();
        return true;
    }

    static bool convert(const json& member, json& value)
    {
        if (!member.is_object())
            return false;
        value = member;
        return true;
    }

    template <typename T> static bool convert(const json& member, std::vector<T>& value)
    {
        if (!member.is_array())
            return false;
        value.resize(member.size());
        for (std::size_t i = 0; i < member.size(); ++i)
            if (!convert(member[i], value[i]))
                return false;
        return true;
    }

    void fault(std::string what)
    {
        if (m_fault.empty())
            m_fault = std::move(what);
    }

    const json& m_object;
    std::string m_where;
    std::string m_fault;
    std::size_t m_taken = 0;
};

template <std::size_t N> bool among(const std::array<std::string_view, N>& names, std::string_view text)
{
    return std::find(names.begin(), names.end(), text) != names.end();
}

/// A plain path below input/: a run folder is complete by itself.
bool insideInput(const std::string& relative)
{
    const fs::path path(relative);
    return !relative.empty() && path.is_relative() && std::find(path.begin(), path.end(), "..") == path.end();
}

Result<json> readJson(const std::string& path)
{
    FOVEATE_TRY(const std::string text, readFile(path));
    json document = json::parse(text, nullptr, false);
    if (document.is_discarded())
        return fail(Code::badInput, {path, "not JSON"});
    if (document.is_object() && document.contains("format") && document["format"].is_number_integer() &&
        document["format"].get<std::int64_t>() > Snapshot::kFormat)
        return fail(Code::newerVersion, {path, document["format"].dump(), std::to_string(Snapshot::kFormat)});
    return document;
}

/// Of a list of classes; nothing for one that is no class or stands twice.
std::optional<int> codeOf(const std::optional<std::vector<int>>& set, const LabelScheme& labels)
{
    if (!set)
        return std::nullopt;
    int code = 0;
    for (const int c : *set) {
        if (c < 0 || std::size_t(c) >= labels.classes.size() || labels.applies(code, std::size_t(c)))
            return std::nullopt;
        code |= 1 << c;
    }
    return code;
}

Status decodeSample(const json& entry, std::size_t index, const LabelScheme& labels, SnapshotSample& sample,
                    const std::string& path)
{
    Members members(entry, "sample " + std::to_string(index));
    std::string split;
    members.take("row", sample.row);
    members.take("id", sample.id);
    members.take("patient", sample.patient);
    members.take("split", split);
    if (labels.multi) {
        std::optional<std::vector<int>> set;
        members.takeOptional("label", set);
        sample.label = codeOf(set, labels);
        members.require(set.has_value() == sample.label.has_value(), "the label is no class");
    } else {
        members.takeOptional("label", sample.label);
    }
    members.take("weight", sample.weight);
    members.require(sample.row >= 0, "the row is negative");
    members.require(!sample.label || labels.holds(*sample.label), "the label is no class");
    members.require(std::isfinite(sample.weight) && sample.weight >= 0, "the weight");
    FOVEATE_CHECK(members.done(path));
    FOVEATE_TRY(sample.split, splitFromName(split));
    return {};
}

Status decodeSamples(const json& entries, Snapshot& snapshot, const std::string& path)
{
    const LabelScheme labels = snapshot.labels();
    std::unordered_set<std::int64_t> rows;
    snapshot.samples.resize(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        SnapshotSample& sample = snapshot.samples[i];
        FOVEATE_CHECK(decodeSample(entries[i], i, labels, sample, path));
        if (!rows.insert(sample.row).second)
            return fail(Code::badInput, {path, "row " + std::to_string(sample.row) + " twice"});
    }
    for (const std::int64_t row : snapshot.pool)
        if (!rows.contains(row))
            return fail(Code::badInput, {path, "pool row " + std::to_string(row) + " is no sample"});
    return {};
}

Status checkUtf8(const Snapshot& snapshot, const std::string& path)
{
    std::vector<const std::string*> texts{&snapshot.project, &snapshot.modality, &snapshot.pack, &snapshot.job};
    for (const std::string& text : snapshot.classes)
        texts.push_back(&text);
    for (const std::string* text : texts)
        if (!isUtf8(*text))
            return fail(Code::badInput, {path, "text that is not UTF-8: " + printable(*text)});
    return {};
}

} // namespace

std::string_view name(Split split)
{
    return kSplits[std::size_t(split)];
}

Result<Split> splitFromName(std::string_view text)
{
    const auto found = std::find(kSplits.begin(), kSplits.end(), text);
    if (found == kSplits.end())
        return fail(Code::badInput, {"split", printable(text)});
    return Split(found - kSplits.begin());
}

Status writeSnapshot(const std::string& runFolder, const Snapshot& snapshot)
{
    const std::string path = inputPath(runFolder, "snapshot.json");
    FOVEATE_CHECK(checkUtf8(snapshot, path));
    FOVEATE_CHECK(makeFolder((fs::path(runFolder) / "input").string()));
    return writeFileAtomically(path, encodeSnapshot(snapshot).dump(-1, ' ', false, json::error_handler_t::replace));
}

Result<Snapshot> readSnapshot(const std::string& runFolder)
{
    const std::string path = inputPath(runFolder, "snapshot.json");
    FOVEATE_TRY(const json document, readJson(path));
    Snapshot snapshot;
    int format = 0;
    Members members(document, "snapshot");
    members.take("format", format);
    members.take("project", snapshot.project);
    members.take("event_heads", snapshot.eventHeads);
    members.take("classes", snapshot.classes);
    std::string several;
    members.takeIfThere("labels", several);
    members.require(several.empty() || several == kSeveral, "the labels");
    snapshot.multiLabel = several == kSeveral;
    members.require(!snapshot.multiLabel || fitMultiLabel(snapshot.classes), "too many classes for sets of them");
    members.take("modality", snapshot.modality);
    const json* samples = members.find("samples");
    members.take("pool", snapshot.pool);
    members.take("pack", snapshot.pack);
    members.takeOptional("parent", snapshot.parent);
    members.take("job", snapshot.job);
    members.take("options", snapshot.options);
    members.take("seed", snapshot.seed);
    members.take("threads", snapshot.threads);
    members.takeIfThere("processes", snapshot.processes);
    members.take("dtype", snapshot.dtype);
    members.take("device", snapshot.device);
    members.require(format == Snapshot::kFormat, "the format");
    members.require(samples && samples->is_array(), "the samples are no list");
    members.require(insideInput(snapshot.pack) && (!snapshot.parent || insideInput(*snapshot.parent)),
                    "a path outside input");
    members.require(among(kJobs, snapshot.job), "the job is not known");
    members.require(among(kDtypes, snapshot.dtype), "the dtype is not known");
    members.require(among(kDevices, snapshot.device), "the device is not known");
    members.require(snapshot.threads >= 0 && snapshot.threads <= kMostThreads, "the threads");
    members.require(snapshot.processes >= 1 && snapshot.processes <= kMostProcesses, "the processes");
    FOVEATE_CHECK(members.done(path));
    FOVEATE_CHECK(decodeSamples(*samples, snapshot, path));
    return snapshot;
}

Status writeTruth(const std::string& runFolder, const std::vector<std::pair<std::int64_t, int>>& truth)
{
    json entries = json::array();
    for (const auto& [row, classIndex] : truth)
        entries.push_back({{"row", row}, {"class", classIndex}});
    FOVEATE_CHECK(makeFolder((fs::path(runFolder) / "input").string()));
    return writeFileAtomically(inputPath(runFolder, "truth.json"),
                               json{{"format", Snapshot::kFormat}, {"truth", std::move(entries)}}.dump());
}

Result<std::vector<std::pair<std::int64_t, int>>> readTruth(const std::string& runFolder)
{
    const std::string path = inputPath(runFolder, "truth.json");
    FOVEATE_TRY(const json document, readJson(path));
    int format = 0;
    Members members(document, "truth");
    members.take("format", format);
    const json* entries = members.find("truth");
    members.require(format == Snapshot::kFormat, "the format");
    members.require(entries && entries->is_array(), "no list");
    FOVEATE_CHECK(members.done(path));
    std::vector<std::pair<std::int64_t, int>> truth(entries->size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
        Members entry((*entries)[i], "entry " + std::to_string(i));
        entry.take("row", truth[i].first);
        entry.take("class", truth[i].second);
        entry.require(truth[i].first >= 0 && truth[i].second >= 0, "a negative number");
        FOVEATE_CHECK(entry.done(path));
    }
    return truth;
}

} // namespace foveate
