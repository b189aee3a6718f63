// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/select/SelectSamples.h"

#include <algorithm>
#include <filesystem>
#include <unordered_set>

namespace foveate::engine {
namespace {

using nlohmann::json;

template <typename T> Status readIfThere(const std::string& path, Array<T>& array)
{
    auto found = readNpy<T>(path);
    if (!found && found.error().code != Code::notFound)
        return tl::unexpected(found.error());
    if (found)
        array = std::move(*found);
    return {};
}

bool fits(const Array<float>& array, std::size_t rows)
{
    return array.shape.empty() || (array.shape.size() == 2 && array.rows() == rows);
}

} // namespace

bool SelectOptions::measures(bool ofImages) const
{
    return std::any_of(parts.begin(), parts.end(), [&](const query::Part& part) {
        return part.strategy->measure != nullptr && part.variant.ofImage == ofImages;
    });
}

bool SelectOptions::needsHead() const
{
    return (needs &
            (query::kNeedsProbabilities | query::kNeedsPasses | query::kNeedsMeasures | query::kNeedsLatents)) != 0;
}

Result<SelectOptions> selectOptions(const json& from)
{
    SelectOptions options;
    json rest = from;
    const auto strategy = rest.is_object() ? rest.find("strategy") : rest.end();
    if (strategy == rest.end() || !strategy->is_string())
        return fail(Code::usage, {"strategy"});
    options.strategy = strategy->get<std::string>();
    rest.erase("strategy");
    if (const auto prefilter = rest.find("prefilter"); prefilter != rest.end()) {
        if (!prefilter->is_boolean() && !prefilter->is_null())
            return fail(Code::usage, {"prefilter"});
        options.prefilter = prefilter->is_null() ? std::nullopt : std::optional(prefilter->get<bool>());
        rest.erase("prefilter");
    }
    FOVEATE_TRY(options.query, query::optionsFromJson(rest));
    FOVEATE_TRY(options.parts, query::parseStrategy(options.strategy));
    options.needs = query::needsOf(options.parts, options.query);
    if (options.prefilter.value_or(false) && !query::allowsPrefilter(options.parts))
        return fail(Code::usage, {"prefilter"});
    return options;
}

json toJson(const SelectOptions& options)
{
    json all = query::toJson(options.query);
    all["strategy"] = options.strategy;
    all["prefilter"] = options.prefilter ? json(*options.prefilter) : json();
    return all;
}

SelectSamples selectSamples(const Snapshot& snapshot)
{
    const std::unordered_set<std::int64_t> inPool(snapshot.pool.begin(), snapshot.pool.end());
    SelectSamples samples;
    for (std::size_t i = 0; i < snapshot.samples.size(); ++i) {
        const SnapshotSample& sample = snapshot.samples[i];
        if (inPool.contains(sample.row))
            samples.pool.push_back(i);
        else if (sample.label && sample.split == Split::val)
            samples.validation.push_back(i);
        else if (sample.label && sample.split != Split::test)
            samples.labelled.push_back(i);
    }
    for (auto* list : {&samples.pool, &samples.labelled, &samples.validation})
        std::sort(list->begin(), list->end(),
                  [&](std::size_t a, std::size_t b) { return snapshot.samples[a].id < snapshot.samples[b].id; });
    return samples;
}

Result<KnownNumbers> knownNumbers(const std::string& runFolder)
{
    KnownNumbers known;
    const std::string input = runFolder + "/input/";
    Array<std::int64_t> rows;
    FOVEATE_CHECK(readIfThere(input + "rows.npy", rows));
    FOVEATE_CHECK(readIfThere(input + "probabilities.npy", known.probabilities));
    FOVEATE_CHECK(readIfThere(input + "features.npy", known.features));
    known.rows = std::move(rows.data);
    if (!fits(known.probabilities, known.rows.size()) || !fits(known.features, known.rows.size()))
        return fail(Code::wrongShape, {"rows.npy", std::to_string(known.rows.size()),
                                       std::to_string(std::max(known.probabilities.rows(), known.features.rows()))});
    return known;
}

} // namespace foveate::engine
