// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Neighbours.h"

#include "embed/ExactSearch.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace foveate::embed {
namespace {

int vote(std::span<const std::int64_t> rows, std::span<const int> labels, int classes)
{
    std::vector<int> votes(std::size_t(classes), 0);
    for (const std::int64_t row : rows)
        ++votes[std::size_t(labels[std::size_t(row)])];
    return int(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

} // namespace

Result<NeighbourTable> nearest(Points base, Points queries, std::size_t k, int threads)
{
    if (base.rows() == 0 || base.dimensions != queries.dimensions)
        return fail(Code::wrongShape,
                    {"features", std::to_string(queries.dimensions), std::to_string(base.dimensions)});
    FOVEATE_CHECK(checkPoints(base));
    NeighbourTable table;
    table.k = std::min(k, base.rows());
    if (queries.rows() == 0)
        return table;
    FOVEATE_CHECK(checkPoints(queries));
    table.rows.resize(queries.rows() * table.k);
    table.distances.resize(table.rows.size());
    ExactSearch(base, threads)
        .find(queries, k, false, threads, [&](std::size_t query, std::span<const ExactSearch::Found> found) {
            for (std::size_t j = 0; j < found.size(); ++j) {
                table.rows[query * table.k + j] = found[j].row;
                table.distances[query * table.k + j] = std::sqrt(found[j].squared);
            }
        });
    return table;
}

Result<std::vector<int>> classify(Points base, std::span<const int> labels, int classes, Points queries, std::size_t k,
                                  int threads)
{
    if (labels.size() != base.rows())
        return fail(Code::wrongShape, {"labels", std::to_string(labels.size()), std::to_string(base.rows())});
    FOVEATE_TRY(const NeighbourTable table, nearest(base, queries, k, threads));
    std::vector<int> predicted(queries.rows());
    for (std::size_t i = 0; i < predicted.size(); ++i)
        predicted[i] = vote(std::span(table.rows).subspan(i * table.k, table.k), labels, classes);
    return predicted;
}

} // namespace foveate::embed
