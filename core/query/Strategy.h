// SPDX-License-Identifier: GPL-3.0-or-later
// The strategies by name: arrays in, a ranked list of the whole pool out (methods.md §4).
//
// One engine for window and command: the same pool, seed and arrays give the same list, whatever the order in which
// the pool is handed in. No model is run here: what must be trained or computed is handed in.
#pragma once

#include "base/Result.h"
#include "query/Ranked.h"

#include <cstdint>
#include <span>

namespace foveate::query {

/// The unlabelled samples and what is known of them; lent for the call.
struct Pool {
    std::span<const std::string> ids;     ///< [N], each once
    std::span<const float> probabilities; ///< [N,C] row-major in the order of ids; empty when no model has scored them
    std::size_t classes = 0;              ///< C
    std::uint64_t seed = 1;
};

enum class Needs { nothing, probabilities };

struct Strategy {
    std::string_view name; ///< as contract.md §1 writes it
    Needs needs = Needs::nothing;
    std::vector<Ranked> (*rank)(const Pool& pool) = nullptr; ///< REQUIRES: a pool that fits; call query::rank()
};

/// All strategies in the order in which lists show them.
std::span<const Strategy> strategies();
/// notFound (args: "strategy", name).
Result<Strategy> strategy(std::string_view name);
/// notFound; needsTraining (args: "train") when probabilities are needed and there are none; wrongShape.
Result<std::vector<Ranked>> rank(std::string_view strategyName, const Pool& pool);

} // namespace foveate::query
