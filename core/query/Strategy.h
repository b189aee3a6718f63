// SPDX-License-Identifier: GPL-3.0-or-later
// The strategies by name: arrays in, a ranked list of the whole pool out (methods.md §4).
//
// One engine for window and command: the same pool, seed and arrays give the same list, whatever the order in which
// the pool is handed in and the number of threads. No deep network is run here: what it computes is handed in. To add
// a strategy: a file in strategies/ with its Strategy, and a row in the list of Strategy.cpp.
#pragma once

#include "base/Result.h"
#include "query/Measure.h"
#include "query/Pool.h"
#include "query/Ranked.h"

#include <span>
#include <string_view>

namespace foveate::query {

/// What must be in the pool; to be joined with |.
enum Need : unsigned {
    kNeedsNothing = 0,
    kNeedsProbabilities = 1, ///< a trained run's
    kNeedsFeatures = 2,      ///< of the pool and, where there are any, of the labelled
    kNeedsPasses = 4,
    kNeedsLabels = 8,
    kNeedsMeasures = 16, ///< of Strategy::measure, of maps or images
    kNeedsLatents = 32,  ///< and impacts, once every representative is labelled
    kNeedsOneClass = 64  ///< an image: a multi-label study has none such
};
using Needs = unsigned;

/// How a strategy is asked for.
struct Variant {
    bool ofImage = false;  ///< "-image": features of the image in the map's place
    bool reversed = false; ///< "-reversed": the best last
};

struct Strategy {
    std::string_view name; ///< as contract.md §1 writes it
    Needs needs = kNeedsNothing;
    const Measure* measure = nullptr; ///< a saliency strategy's; only these have variants
    /// REQUIRES: a pool that fits and is in order of id; call query::rank().
    Result<Ranking> (*rank)(const Pool& pool, const Variant& variant) = nullptr;
};

/// All strategies in the order in which lists show them; variants and mixtures are not among them.
std::span<const Strategy* const> strategies();

/// One part of a wish: "deep-saliency-image-reversed:.5".
struct Part {
    const Strategy* strategy = nullptr;
    Variant variant;
    double share = 1; ///< of the batch, in (0,1]; all shares sum to 1
};
/// A strategy, a variant or a mixture "entropy:.5+coreset:.4+random:.1". notFound (args: "strategy", name); usage
/// (args: text) for a share that is not positive.
Result<std::vector<Part>> parseStrategy(std::string_view name);

/// What all the parts need of the pool, and the options (diverse needs features).
Needs needsOf(std::span<const Part> parts, const Options& options);
/// Whether every part is content without maps or with few of them: a reversed one must see all.
bool allowsPrefilter(std::span<const Part> parts);
/// Every name that stands alone: strategies and variants.
std::vector<std::string> strategyNames();

/// The whole pool. As parseStrategy(); needsTraining (args: "train" or "pretrain") when numbers of a model are needed
/// and there are none; needsLabels (args: there, needed, "label"); needsOneClass (args: strategy); wrongShape for
/// arrays that do not fit.
Result<Ranking> rank(std::string_view name, const Pool& pool);

} // namespace foveate::query
