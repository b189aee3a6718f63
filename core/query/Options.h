// SPDX-License-Identifier: GPL-3.0-or-later
// Options of the strategies. The defaults are methods.md §4's; the papers' literal forms are values of their own.
#pragma once

#include "base/Result.h"

#include <nlohmann/json.hpp>
#include <string>

namespace foveate::query {

enum class Aleatoric { none, bernoulli };
enum class PeripheryRule { below, band };
enum class ClusterModel { gaussians, gmm };
enum class SpreadRule { half, p1Code, unique };
enum class KurtosisOf { pixels, counts };
enum class Directions { correlated, large };
enum class ProxyBy { entropy, coreset };

struct Options {
    int count = 20;                                      ///< how many are wanted: core-set picks as many one by one
    bool diverse = false;                                ///< k-center among the best 10·count comes first
    Aleatoric aleatoric = Aleatoric::none;               ///< mc-dropout: bernoulli adds mean p(1 − p)
    PeripheryRule peripheryRule = PeripheryRule::below;  ///< band: any p in [.4,.6] (P1)
    ClusterModel clusterModel = ClusterModel::gaussians; ///< gmm: P1's code
    SpreadRule spreadRule = SpreadRule::half;            ///< which samples label-spread keeps
    int unique = 5;                                      ///< SpreadRule::unique: so many different labels (P1)
    int spreadRuns = 200;                                ///< 10 is P1's; larger: finer ranks, slower
    int repeat = 0;        ///< label-spread: repeats of 10 runs in the table of thresholds; 0: none
    bool converge = false; ///< label-spread: until nothing changes
    KurtosisOf kurtosisOf = KurtosisOf::pixels;     ///< counts: of a histogram of 256 bins (P4's words)
    bool smooth = false;                            ///< kurtosis of the map averaged to 64×64
    Directions directions = Directions::correlated; ///< radiomics; large: larger first for every feature (P4)
    bool ordinal = true;                            ///< deep-saliency: smooth impacts over neighbouring clusters
    int clusters = 10;                              ///< deep-saliency: K
    int updates = 4;                                ///< deep-saliency: repeats of each measurement; larger: steadier
    bool control = true;                            ///< deep-saliency: against an update without the image
    bool literal = false; ///< deep-saliency: P4's Algorithm 2 to its end, on the images that are labelled already
    ProxyBy proxyBy = ProxyBy::entropy;
    std::string map = "deep-taylor"; ///< of the saliency strategies: deep-taylor or gradcam
};

/// Only what differs from the defaults need be there. usage (args: key) for an unknown key, type, word or range.
Result<Options> optionsFromJson(const nlohmann::json& json);
/// Every key with its value.
nlohmann::json toJson(const Options& options);

} // namespace foveate::query
