// SPDX-License-Identifier: GPL-3.0-or-later
// A ranking of the whole pool: every sample once, with its score, its place and the reason for it.
//
// Words for the reason are made in ui/ and app/: here stand a code and the numbers it needs.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::query {

enum class ReasonCode {
    random,          ///< numbers: —
    stratified,      ///< numbers: stratum's class
    entropy,         ///< numbers: entropy (nats), the largest possible, top class, its probability
    margin,          ///< numbers: top class, its probability, second class, its probability
    leastConfidence, ///< numbers: top class, its probability
    question,        ///< numbers: class of which it is least clear whether it applies, its probability
    dropout,         ///< numbers: variance over the passes, top class, its mean probability
    bald,            ///< numbers: mutual information (nats), top class, its mean probability
    coreset,         ///< numbers: distance to the nearest labelled or chosen sample, 1 picked or 0 left over
    typical,         ///< numbers: mean distance to the nearest neighbours, cluster
    periphery,       ///< numbers: nearest cluster, its probability, second cluster, its probability, 1 kept or 0 not
    zscore,          ///< numbers: cluster, Mahalanobis distance, 1 kept or 0 not
    silhouette,      ///< numbers: cluster, silhouette, 1 kept or 0 not
    spread,          ///< numbers: modal class, its share of the runs, 1 kept or 0 not
    unreached,       ///< numbers: —; no label came here in any run
    kurtosis,        ///< numbers: kurtosis
    borda,           ///< numbers: mean rank over the features, samples ranked
    representative,  ///< numbers: cluster (from 1) whose label is asked for
    awaiting,        ///< numbers: cluster, distance to its centre; ranked when all representatives are labelled
    level,           ///< numbers: expected level, 1 (best) … K; K
    proxy,           ///< numbers: entropy (nats), the largest possible, top class, its probability
    notCandidate,    ///< numbers: —; not drawn among the proxy's candidates
    notMapped,       ///< numbers: place by the cheap strategy that went before
    noEvidence       ///< numbers: —; NaN or absent numbers: last, in order of id
};

/// The code's fixed name as it stands in JSON and the batch's record ("least-confidence").
std::string_view name(ReasonCode code);
std::optional<ReasonCode> reasonFromName(std::string_view name);

struct Reason {
    ReasonCode code = ReasonCode::noEvidence;
    std::vector<double> numbers;
    bool operator==(const Reason&) const = default;
};

/// "margin 0 .51 1 .49": as it stands in a batch's record.
std::string toText(const Reason& reason);
/// Nothing for a text that toText() does not write.
std::optional<Reason> reasonFromText(std::string_view text);

struct Ranked {
    std::string id;
    double score = 0; ///< finite; larger is asked for earlier; kNoEvidence for noEvidence
    int rank = 0;     ///< 1 is first; every rank of 1..N once
    Reason reason;
    bool audit = false; ///< one of the random share, which estimates the accuracy without bias
    bool operator==(const Ranked&) const = default;
};

struct Ranking {
    std::vector<Ranked> items;
    /// What is to be said of the whole: "directions", "band", "few_labels", "sparse", "table" …; {} when nothing is.
    nlohmann::json notes = nlohmann::json::object();
};

/// Below every score a strategy gives.
inline constexpr double kNoEvidence = -1;

/// Sorts by falling score, then by id, and numbers the ranks. Scores that are not finite become noEvidence.
std::vector<Ranked> ranking(std::vector<Ranked> unordered);

/// The same items in the order given: ranks 1..N, scores falling from 1 in equal steps, noEvidence as it is.
std::vector<Ranked> inOrder(std::vector<Ranked> ordered);

/// The first `count`; all when there are fewer.
std::vector<Ranked> best(std::span<const Ranked> ranked, std::size_t count);

} // namespace foveate::query
