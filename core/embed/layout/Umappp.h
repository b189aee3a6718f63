// SPDX-License-Identifier: GPL-3.0-or-later
// What UMAP takes from umappp: membership strengths and the curve of the layout. Nothing of the library crosses this
// border.
#pragma once

#include "embed/layout/Edges.h"

namespace foveate::embed::layout {

/// Membership strengths in (0,1], united (a + b − ab) so that both directions of an edge weigh the same.
Edges umapEdges(const Nearest& nearest, int threads);

/// 1 / (1 + a·d^2b) fits the wanted falling-off.
struct Curve {
    float a = 0, b = 0;
};
Curve umapCurve(double spread, double minimumDistance);

} // namespace foveate::embed::layout
