// SPDX-License-Identifier: GPL-3.0-or-later
// Ranks of numbers and what is made of them: Borda's count (P4, eq. 2) and Spearman's correlation.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace foveate::query {

/// 1 for the largest; equal numbers share their mean rank. REQUIRES: finite numbers.
std::vector<double> ranksOf(std::span<const double> values);

/// Pearson's correlation of the ranks; 0 when one side is constant or empty. REQUIRES: the same length.
double spearman(std::span<const double> a, std::span<const double> b);

/// [N] mean rank over the columns; 1 is the best. columns[k] [N]; directions[k] −1: the smallest first.
/// REQUIRES: at least one column, all of the same length.
std::vector<double> bordaRanks(const std::vector<std::vector<double>>& columns, std::span<const int> directions);

} // namespace foveate::query
