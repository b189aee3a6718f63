// SPDX-License-Identifier: GPL-3.0-or-later
// What t-SNE takes from qdtsne: the neighbour probabilities of a perplexity. Nothing of the library crosses this
// border.
#pragma once

#include "embed/layout/Edges.h"

namespace foveate::embed::layout {

/// Symmetric probabilities; they sum to 1.
Edges tsneEdges(const Nearest& nearest, double perplexity, int threads);

} // namespace foveate::embed::layout
