// SPDX-License-Identifier: GPL-3.0-or-later
// umappp's own headers one by one: umappp.hpp would bring Eigen 5.
#include "embed/layout/Umappp.h"

#include "embed/layout/Lists.h"

#include <umappp/combine_neighbor_sets.hpp>
#include <umappp/find_ab.hpp>
#include <umappp/neighbor_similarities.hpp>

namespace foveate::embed::layout {

Edges umapEdges(const Nearest& nearest, int threads)
{
    Lists lists = listsOf(nearest);
    umappp::NeighborSimilaritiesOptions<float> options;
    options.num_threads = threads;
    umappp::neighbor_similarities(lists, options);
    umappp::combine_neighbor_sets(lists, 1.0F);
    return edgesOf(lists);
}

Curve umapCurve(double spread, double minimumDistance)
{
    const auto [a, b] = umappp::find_ab(spread, minimumDistance);
    return {float(a), float(b)};
}

} // namespace foveate::embed::layout
