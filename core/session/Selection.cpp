// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Selection.h"

#include "query/Strategy.h"

#include <algorithm>
#include <sys/stat.h>
#include <unordered_map>
#include <unordered_set>

namespace foveate::session {
namespace {

constexpr const char* kColdStart = "random";

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
        list.push_back({item.id, item.score, item.rank, std::string(query::name(item.reason.code))});
    return list;
}

struct PoolAndLabelled {
    std::vector<PoolItem> pool;
    std::vector<std::int64_t> labelled;
};

Result<PoolAndLabelled> poolOf(Project& project)
{
    FOVEATE_TRY(const Snapshot snapshot, takeSnapshot(project, {}));
    const std::unordered_set<std::int64_t> rows(snapshot.pool.begin(), snapshot.pool.end());
    PoolAndLabelled both;
    for (const SnapshotSample& sample : snapshot.samples) {
        if (rows.contains(sample.row))
            both.pool.push_back({sample.row, sample.id});
        else if (sample.label)
            both.labelled.push_back(sample.row);
    }
    return both;
}

/// The run that ranks, or none: a cold start. Only an absent default is one; a run named in vain is
/// an error.
Result<std::optional<RunInfo>> rankingRun(const Project& project, const std::string& wish)
{
    auto run = chooseRun(project, Need::trained, wish);
    if (!run && run.error().code == Code::needsTraining && wish.empty())
        return std::optional<RunInfo>();
    return run;
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

Result<std::vector<SelectedItem>> rankItems(const std::string& strategy, const std::vector<PoolItem>& pool,
                                            const std::vector<std::int64_t>&, const RunArrays* arrays,
                                            std::uint64_t seed)
{
    FOVEATE_TRY(const query::Strategy chosen, query::strategy(strategy));
    std::vector<std::string> ids;
    for (const PoolItem& item : pool)
        ids.push_back(item.id);
    query::Pool asked{ids, {}, 0, seed};
    std::vector<float> probabilities;
    if (arrays && chosen.needs == query::Needs::probabilities) {
        FOVEATE_TRY(probabilities, poolRows(pool, *arrays, arrays->probabilities));
        asked.probabilities = probabilities;
        asked.classes = arrays->probabilities.shape.empty() ? 0 : arrays->probabilities.columns();
    }
    FOVEATE_TRY(const auto ranked, query::rank(strategy, asked));
    return items(ranked);
}

Result<Selection> rankPool(Project& project, const std::string& strategy, std::uint64_t seed, const std::string& wish)
{
    FOVEATE_TRY(const query::Strategy chosen, query::strategy(strategy));
    FOVEATE_TRY(const PoolAndLabelled both, poolOf(project));
    Selection selection{strategy, seed, {}, {}};
    std::optional<RunInfo> run;
    if (chosen.needs != query::Needs::nothing) {
        FOVEATE_TRY(run, rankingRun(project, wish));
        selection.strategy = run ? strategy : kColdStart;
    }
    std::optional<RunArrays> arrays;
    if (run) {
        FOVEATE_TRY(arrays, readRunArrays(run->folder));
        selection.run = run->id;
    }
    FOVEATE_TRY(selection.items,
                rankItems(selection.strategy, both.pool, both.labelled, arrays ? &*arrays : nullptr, seed));
    return selection;
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
    std::vector<std::string> names;
    for (const query::Strategy& strategy : query::strategies())
        names.emplace_back(strategy.name);
    return names;
}

} // namespace foveate::session
