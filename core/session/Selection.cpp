// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Selection.h"

#include "base/AtomicFile.h"
#include "query/Strategy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace foveate::session {
namespace {

constexpr const char* kColdStart = "random";
constexpr std::size_t kLargestSelection = std::size_t(1) << 30;

Result<Array<float>> readIfThere(const std::string& path)
{
    auto array = readNpy<float>(path);
    if (!array && array.error().code == Code::notFound)
        return Array<float>{};
    return array;
}

Status fits(const Array<float>& array, std::size_t rows, const std::string& what)
{
    if (array.shape.empty() || (array.shape.size() == 2 && array.rows() == rows))
        return {};
    return fail(Code::wrongShape, {what, std::to_string(array.rows()), std::to_string(rows)});
}

/// The rows of the pool cut out of an array over all samples; wrongShape when a sample was not
/// scored.
Result<std::vector<float>> poolRows(const std::vector<PoolItem>& pool, const RunArrays& arrays, const Array<float>& all)
{
    std::unordered_map<std::int64_t, std::size_t> place;
    for (std::size_t i = 0; i < arrays.rows.size(); ++i)
        place.emplace(arrays.rows[i], i);
    const std::size_t columns = all.columns();
    std::vector<float> cut;
    cut.reserve(pool.size() * columns);
    for (const PoolItem& item : pool) {
        const auto at = place.find(item.row);
        if (at == place.end()) // imported after the run: no evidence, ranked last
            cut.insert(cut.end(), columns, std::numeric_limits<float>::quiet_NaN());
        else
            cut.insert(cut.end(), all.data.begin() + std::ptrdiff_t(at->second * columns),
                       all.data.begin() + std::ptrdiff_t((at->second + 1) * columns));
    }
    return cut;
}

std::vector<SelectedItem> items(const std::vector<query::Ranked>& ranked)
{
    std::vector<SelectedItem> list;
    list.reserve(ranked.size());
    for (const query::Ranked& item : ranked)
        list.push_back({item.id, item.score, item.rank, query::toText(item.reason), item.audit});
    return list;
}

Result<std::vector<PoolItem>> poolOf(Project& project)
{
    FOVEATE_TRY(const Snapshot snapshot, takeSnapshot(project, {}));
    const std::unordered_set<std::int64_t> rows(snapshot.pool.begin(), snapshot.pool.end());
    std::vector<PoolItem> pool;
    for (const SnapshotSample& sample : snapshot.samples)
        if (rows.contains(sample.row))
            pool.push_back({sample.row, sample.id});
    return pool;
}

/// What a strategy needs with these options.
Result<query::Needs> needsOf(const std::string& strategy, nlohmann::json options)
{
    options.erase("prefilter");
    FOVEATE_TRY(const std::vector<query::Part> parts, query::parseStrategy(strategy));
    FOVEATE_TRY(const query::Options read, query::optionsFromJson(options));
    return query::needsOf(parts, read);
}

/// The same in a study; needsOneClass (strategy) in a multi-label one that it is not made for.
Result<query::Needs> needsIn(bool multiLabel, const std::string& strategy, const nlohmann::json& options)
{
    FOVEATE_TRY(const query::Needs needs, needsOf(strategy, options));
    if (multiLabel && (needs & query::kNeedsOneClass) != 0)
        return fail(Code::needsOneClass, {strategy});
    return needs;
}

bool isAtOnce(query::Needs needs)
{
    return (needs & ~query::Needs(query::kNeedsProbabilities)) == 0;
}

/// The run that ranks, or none: a cold start. Only an absent default is one; a run named in vain is an error. For
/// features alone the newest pretrained run will do.
Result<std::optional<RunInfo>> rankingRun(const Project& project, query::Needs needs, const std::string& wish)
{
    auto run = chooseRun(project, Need::trained, wish);
    const bool featuresDo =
        (needs & ~query::Needs(query::kNeedsFeatures | query::kNeedsLabels | query::kNeedsOneClass)) == 0;
    if (!run && featuresDo)
        return chooseRun(project, Need::pretrained, wish);
    if (!run && run.error().code == Code::needsTraining && wish.empty())
        return std::optional<RunInfo>();
    return run;
}

/// One item of select.json; nothing when it is not one.
std::optional<SelectedItem> itemFrom(const nlohmann::json& json)
{
    try {
        SelectedItem item{json.at("id").get<std::string>(), json.at("score").get<double>(), json.at("rank").get<int>(),
                          json.at("reason").get<std::string>(), json.at("audit").get<bool>()};
        return std::isfinite(item.score) && query::reasonFromText(item.reason) ? std::optional(item) : std::nullopt;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

} // namespace

Result<RunArrays> readRunArrays(const std::string& runFolder)
{
    RunArrays arrays;
    FOVEATE_TRY(const auto rows, readNpy<std::int64_t>(runFolder + "/rows.npy"));
    arrays.rows = rows.data;
    FOVEATE_TRY(arrays.probabilities, readIfThere(runFolder + "/probabilities.npy"));
    FOVEATE_TRY(arrays.features, readIfThere(runFolder + "/features.npy"));
    FOVEATE_CHECK(fits(arrays.probabilities, arrays.rows.size(), "probabilities.npy"));
    FOVEATE_CHECK(fits(arrays.features, arrays.rows.size(), "features.npy"));
    return arrays;
}

Result<bool> ranksAtOnce(const std::string& strategy, const nlohmann::json& options)
{
    return needsOf(strategy, options).map(isAtOnce);
}

Status checkStrategy(const std::string& strategy, const nlohmann::json& options, bool multiLabel)
{
    return needsIn(multiLabel, strategy, options).map([](query::Needs) {});
}

Result<std::vector<SelectedItem>> rankItems(const std::string& strategy, const std::vector<PoolItem>& pool,
                                            const RunArrays* arrays, std::uint64_t seed, bool multiLabel)
{
    std::vector<std::string> ids;
    for (const PoolItem& item : pool)
        ids.push_back(item.id);
    query::Pool asked;
    asked.ids = ids;
    asked.seed = seed;
    std::vector<float> probabilities;
    if (arrays && !arrays->probabilities.shape.empty()) {
        FOVEATE_TRY(probabilities, poolRows(pool, *arrays, arrays->probabilities));
        asked.probabilities = probabilities;
        asked.classes = arrays->probabilities.columns();
        asked.multiLabel = multiLabel;
    }
    FOVEATE_TRY(const query::Ranking ranked, query::rank(strategy, asked));
    return items(ranked.items);
}

Result<PreparedSelection> prepareSelection(Project& project, const SelectWish& wish)
{
    FOVEATE_TRY(const query::Needs needs, needsIn(project.file().multiLabel, wish.strategy, wish.options));
    PreparedSelection prepared;
    prepared.selection = {wish.strategy, wish.seed, {}, {}};
    std::optional<RunInfo> run;
    if (needs != query::kNeedsNothing) {
        FOVEATE_TRY(run, rankingRun(project, needs, wish.run));
        prepared.selection.strategy = run ? wish.strategy : kColdStart;
        prepared.selection.run = run ? run->id : std::string();
    }
    if (run && !isAtOnce(needs)) {
        RunWish engine;
        engine.job = "select";
        engine.options = wish.options;
        engine.options["strategy"] = wish.strategy;
        engine.seed = wish.seed;
        engine.threads = wish.threads;
        engine.device = wish.device;
        engine.parent = run;
        FOVEATE_TRY(prepared.folder, prepareRun(project, engine));
        FOVEATE_CHECK(lendArrays(run->folder, prepared.folder));
        return prepared;
    }
    std::optional<RunArrays> arrays;
    if (run) {
        FOVEATE_TRY(arrays, readRunArrays(run->folder));
    }
    FOVEATE_TRY(const std::vector<PoolItem> pool, poolOf(project));
    FOVEATE_TRY(prepared.selection.items, rankItems(prepared.selection.strategy, pool, arrays ? &*arrays : nullptr,
                                                    wish.seed, project.file().multiLabel));
    return prepared;
}

Result<Selection> readSelection(PreparedSelection prepared)
{
    if (prepared.folder.empty())
        return std::move(prepared.selection);
    const std::string path = prepared.folder + "/select.json";
    FOVEATE_TRY(const std::string text, readFile(path, kLargestSelection));
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object() || !document.contains("items") || !document["items"].is_array())
        return fail(Code::badInput, {path, "items"});
    for (const nlohmann::json& json : document["items"]) {
        const auto item = itemFrom(json);
        if (!item)
            return fail(Code::badInput, {path, "item " + std::to_string(prepared.selection.items.size())});
        prepared.selection.items.push_back(*item);
    }
    prepared.selection.notes = document.value("notes", nlohmann::json::object());
    return std::move(prepared.selection);
}

Result<std::optional<Selection>> lastSelection(Project& project, const std::string& strategy, std::uint64_t seed)
{
    FOVEATE_TRY(const std::optional<RunInfo> trained, chooseRun(project, Need::trained, ""));
    const std::vector<RunInfo> runs = listRuns(project.runsFolder());
    for (auto run = runs.rbegin(); trained && run != runs.rend(); ++run) {
        if (run->job != "select" || !run->finished || run->parent != trained->id)
            continue;
        FOVEATE_TRY(const Snapshot snapshot, readSnapshot(run->folder));
        if (snapshot.seed != seed || snapshot.options.value("strategy", std::string()) != strategy)
            continue;
        PreparedSelection prepared{{strategy, seed, trained->id, {}}, run->folder};
        FOVEATE_TRY(Selection selection, readSelection(std::move(prepared)));
        FOVEATE_TRY(const std::vector<PoolItem> pool, poolOf(project));
        std::unordered_set<std::string> open;
        for (const PoolItem& item : pool)
            open.insert(item.id);
        std::erase_if(selection.items, [&](const SelectedItem& item) { return !open.contains(item.id); });
        return std::optional(std::move(selection));
    }
    return std::optional<Selection>();
}

Result<Selection> rankPool(Project& project, const std::string& strategy, std::uint64_t seed, const std::string& run)
{
    FOVEATE_TRY(const bool atOnce, ranksAtOnce(strategy));
    if (!atOnce)
        return fail(Code::usage, {"strategy"});
    SelectWish wish;
    wish.strategy = strategy;
    wish.seed = seed;
    wish.run = run;
    FOVEATE_TRY(PreparedSelection prepared, prepareSelection(project, wish));
    return std::move(prepared.selection);
}

Status lendArrays(const std::string& fromRun, const std::string& toRun)
{
    for (const char* name : {"rows.npy", "probabilities.npy", "features.npy"}) {
        const std::string from = fromRun + '/' + name;
        const Status linked = linkOrCopy(from, toRun + "/input/" + name);
        if (!linked && linked.error().code != Code::notFound)
            return linked;
    }
    return {};
}

Result<std::int64_t> queueBatch(Project& project, const Selection& selection, int count)
{
    store::Batch batch;
    batch.strategy = selection.strategy;
    batch.seed = selection.seed;
    batch.run = selection.run;
    for (const SelectedItem& item : selection.items) {
        if (int(batch.items.size()) >= count)
            break;
        batch.items.push_back({item.id, item.rank, item.score, item.reason});
    }
    return project.study().addBatch(std::move(batch), true);
}

std::vector<std::string> strategyNames()
{
    return query::strategyNames();
}

} // namespace foveate::session
