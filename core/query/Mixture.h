// SPDX-License-Identifier: GPL-3.0-or-later
// Mixtures of rankings: each part chooses its share of every prefix of the list (methods.md §4.10).
#pragma once

#include "query/Strategy.h"

#include <span>
#include <vector>

namespace foveate::query {

/// At each turn the part that is farthest behind its share gives its best sample that is not taken. The random part
/// keeps to its own order: a sample that another part took before becomes one of the audit all the same, so that the
/// audit stays a fair draw from the pool. REQUIRES: one ranking of the same pool for each part.
std::vector<Ranked> mixed(std::span<const Part> parts, const std::vector<Ranking>& rankings);

} // namespace foveate::query
