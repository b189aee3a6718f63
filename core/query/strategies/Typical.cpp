// SPDX-License-Identifier: GPL-3.0-or-later
// `typical` (after Hacohen 2022): the densest sample of each cluster, clusters without a label and large ones first; a
// start without labels. As many clusters as labels are there and wanted, 500 at most; density by 20 neighbours.
#include "query/strategies/Strategies.h"

#include "embed/KMeans.h"
#include "embed/NeighbourGraph.h"

#include <algorithm>
#include <numeric>

namespace foveate::query {
namespace {

constexpr std::size_t kMostClusters = 500;
constexpr std::size_t kNeighbours = 20;

struct Member {
    double apart = 0; ///< mean distance to the neighbours
    std::size_t row = 0;
    auto operator<=>(const Member&) const = default;
};

double meanDistance(const embed::NeighbourGraph& graph, std::size_t row)
{
    if (graph.k == 0)
        return 0;
    const auto distances = graph.distancesOf(row);
    return std::accumulate(distances.begin(), distances.end(), 0.0) / double(graph.k);
}

Result<Ranking> rankTypical(const Pool& pool, const Variant&)
{
    std::vector<Ranked> items = unjudged(pool);
    const FiniteRows all = joined(finiteRows(pool.features, pool.dimensions),
                                  finiteRows(pool.labelled.features, pool.dimensions), pool.ids.size());
    if (all.size() == 0)
        return Ranking{ranking(std::move(items))};
    embed::KMeansOptions options;
    options.clusters = int(std::clamp<std::size_t>(pool.labelled.ids.size() + std::size_t(pool.options.count), 1,
                                                   std::min(kMostClusters, all.size())));
    options.restarts = 1;
    options.seed = pool.seed;
    options.threads = pool.threads;
    FOVEATE_TRY(const embed::KMeans clusters, embed::kMeans(all.points(), options));
    FOVEATE_TRY(const embed::NeighbourGraph graph,
                embed::neighbourGraph(all.points(), {.k = kNeighbours, .seed = pool.seed, .threads = pool.threads}));
    std::vector<std::vector<Member>> members(clusters.sizes.size());
    std::vector<int> labels(members.size(), 0);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto cluster = std::size_t(clusters.labels[i]);
        if (all.places[i] < items.size())
            members[cluster].push_back({meanDistance(graph, i), all.places[i]});
        else
            ++labels[cluster];
    }
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::make_tuple(labels[a], members[b].size(), a) < std::make_tuple(labels[b], members[a].size(), b);
    });
    std::size_t left = 0;
    for (std::vector<Member>& list : members) {
        std::sort(list.begin(), list.end());
        left += list.size();
    }
    std::size_t place = 0;
    for (std::size_t round = 0; place < left; ++round)
        for (const std::size_t cluster : order)
            if (round < members[cluster].size()) {
                const Member& member = members[cluster][round];
                items[member.row].score = 1 - double(place++) / double(left);
                items[member.row].reason = {ReasonCode::typical, {member.apart, double(cluster)}};
            }
    return Ranking{ranking(std::move(items))};
}

} // namespace

const Strategy kTypical{"typical", kNeedsFeatures, nullptr, rankTypical};

} // namespace foveate::query
