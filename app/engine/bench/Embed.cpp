// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Workload.h"

#include "embed/Neighbours.h"

#include <array>

namespace foveate::engine::bench {
namespace {

/// The 15 nearest of 20,000 points among themselves, exactly.
Result<Outcome> neighbours(const Input& input)
{
    FOVEATE_TRY(const Array<float> points, load<float>(input, "embed_features"));
    const embed::Points all{points.data, points.columns()};
    Result<embed::NeighbourTable> table;
    Outcome outcome;
    outcome.items = all.rows();
    outcome.seconds = timed(input.repeat, [&] { table = embed::nearest(all, all, 16, input.threads); });
    if (!table)
        return tl::unexpected(table.error());
    FOVEATE_CHECK(save<std::int64_t>(input, "neighbours", {all.rows(), table->k}, table->rows));
    return outcome;
}

constexpr std::array kWorkloads{Workload{"neighbours", "15 exact nearest neighbours of 20,000 x 128", &neighbours}};

} // namespace

std::span<const Workload> embedWorkloads()
{
    return kWorkloads;
}

} // namespace foveate::engine::bench
