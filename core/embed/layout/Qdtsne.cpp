// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/layout/Qdtsne.h"

#include "embed/layout/Lists.h"

#include <qdtsne/qdtsne.hpp>

namespace foveate::embed::layout {

Edges tsneEdges(const Nearest& nearest, double perplexity, int threads)
{
    Lists lists = listsOf(nearest);
    qdtsne::internal::compute_gaussian_perplexity(lists, float(perplexity), threads);
    qdtsne::internal::symmetrize_matrix(lists);
    return edgesOf(lists);
}

} // namespace foveate::embed::layout
