// SPDX-License-Identifier: GPL-3.0-or-later
// A ranking of the whole pool: every sample once, with its score, its place and the reason for it.
//
// Words for the reason are made in ui/ and app/: here stand a code and the numbers it needs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::query {

enum class ReasonCode {
    random,          ///< numbers: —
    entropy,         ///< numbers: entropy (nats), the largest possible, top class, its probability
    margin,          ///< numbers: top class, its probability, second class, its probability
    leastConfidence, ///< numbers: top class, its probability
    noEvidence       ///< numbers: —; NaN or absent numbers: last, in order of id
};

/// The code's fixed name as it stands in JSON and the batch's record ("least-confidence").
std::string_view name(ReasonCode code);

struct Reason {
    ReasonCode code = ReasonCode::noEvidence;
    std::vector<double> numbers;
    bool operator==(const Reason&) const = default;
};

struct Ranked {
    std::string id;
    double score = 0; ///< finite; larger is asked for earlier; kNoEvidence for noEvidence
    int rank = 0;     ///< 1 is first; every rank of 1..N once
    Reason reason;
    bool operator==(const Ranked&) const = default;
};

/// Below every score a strategy gives.
inline constexpr double kNoEvidence = -1;

/// Sorts by falling score, then by id, and numbers the ranks. Scores that are not finite become noEvidence.
std::vector<Ranked> ranking(std::vector<Ranked> unordered);

/// The first `count`; all when there are fewer.
std::vector<Ranked> best(std::span<const Ranked> ranked, std::size_t count);

} // namespace foveate::query
