// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/ExplainOptions.h"

#include <algorithm>
#include <array>
#include <set>

namespace foveate::explain {
namespace {

using nlohmann::json;

struct Number {
    const char* key;
    int Question::*field;
    int least, most;
};

constexpr std::array kNumbers{Number{"window", &Question::window, 1, 4096},
                              Number{"stride", &Question::stride, 1, 4096}, Number{"boxes", &Question::boxes, 1, 10000},
                              Number{"passes", &Question::passes, 2, 1000}};

Status readInteger(const json& options, const char* key, int least, int most, int& value)
{
    if (!options.contains(key))
        return {};
    const json& given = options[key];
    if (!given.is_number_integer() || given.get<std::int64_t>() < least || given.get<std::int64_t>() > most)
        return fail(Code::usage, {key});
    value = given.get<int>();
    return {};
}

Status readClass(const json& options, int classes, int& classIndex)
{
    if (options.value("class", json("predicted")) == json("predicted"))
        return {};
    return readInteger(options, "class", 0, classes - 1, classIndex);
}

Status readRows(const Snapshot& snapshot, std::vector<ExplainOptions::Wanted>& wanted)
{
    const bool all = !snapshot.options.contains("rows");
    const json rows = snapshot.options.value("rows", json::array());
    if (!rows.is_array() ||
        !std::all_of(rows.begin(), rows.end(), [](const json& row) { return row.is_number_integer(); }))
        return fail(Code::usage, {"rows"});
    const std::set<std::int64_t> asked(rows.begin(), rows.end());
    for (const SnapshotSample& sample : snapshot.samples)
        if (all || asked.contains(sample.row))
            wanted.push_back({sample.id, sample.row});
    if (!all && wanted.size() != asked.size())
        return fail(Code::notFound, {"row", rows.dump()});
    return {};
}

Status checkKeys(const json& options)
{
    static const std::set<std::string> known{"method", "rules",  "class",   "rows",       "window", "stride",
                                             "boxes",  "passes", "regions", "robustness", "size"};
    for (const auto& item : options.items())
        if (!known.contains(item.key()))
            return fail(Code::usage, {item.key()});
    return {};
}

} // namespace

Result<ExplainOptions> explainOptions(const Snapshot& snapshot, int classes)
{
    const json& options = snapshot.options;
    FOVEATE_CHECK(checkKeys(options));
    ExplainOptions chosen;
    const json method = options.value("method", json("gradcam"));
    FOVEATE_TRY(chosen.question.method, methodFromName(method.is_string() ? method.get<std::string>() : method.dump()));
    FOVEATE_CHECK(readClass(options, std::max(classes, 2), chosen.question.classIndex));
    for (const Number& number : kNumbers)
        FOVEATE_CHECK(readInteger(options, number.key, number.least, number.most, chosen.question.*number.field));
    FOVEATE_CHECK(readInteger(options, "robustness", 0, 1000, chosen.robustness));
    const json rules = options.value("rules", json("conserving"));
    if (rules != json("conserving") && rules != json("innvestigate"))
        return fail(Code::usage, {"rules"});
    chosen.rules = rules == json("innvestigate") ? Rules::innvestigate : Rules::conserving;
    const json regions = options.value("regions", json(false));
    if (!regions.is_boolean())
        return fail(Code::usage, {"regions"});
    chosen.regions = regions.get<bool>();
    chosen.question.seed = snapshot.seed;
    FOVEATE_CHECK(readRows(snapshot, chosen.samples));
    return chosen;
}

json toJson(const ExplainOptions& options)
{
    json document{{"method", name(options.question.method)},
                  {"class", options.question.classIndex < 0 ? json("predicted") : json(options.question.classIndex)},
                  {"rules", options.rules == Rules::innvestigate ? "innvestigate" : "conserving"},
                  {"regions", options.regions},
                  {"robustness", options.robustness}};
    for (const Number& number : kNumbers)
        document[number.key] = options.question.*number.field;
    return document;
}

} // namespace foveate::explain
