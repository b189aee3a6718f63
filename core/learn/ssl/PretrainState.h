// SPDX-License-Identifier: GPL-3.0-or-later
// PretrainState: where a pre-training stands, as it is saved in a checkpoint's state.json. Numbers survive the text
// exactly.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace foveate::learn::ssl {

enum class Stage { training, monitoring, examining };

/// Sums over the images of an epoch; means by dividing by `images`.
struct EpochSums {
    double loss = 0, all = 0, crossView = 0, deviation = 0;
    double spread = 0; ///< deviation·√D: 1 for directions spread evenly, whatever the method's width
    std::int64_t images = 0;
};

/// An epoch's means, as they are logged and shown.
struct EpochFigures {
    double loss = 0;
    double contrastiveAccuracy = 0;
    double crossViewAccuracy = 0;
    double embeddingDeviation = 0;
};

struct PretrainState {
    Stage stage = Stage::training;
    int epoch = 0;            ///< finished epochs
    std::int64_t step = 0;    ///< batches and monitoring rounds done
    std::size_t position = 0; ///< next in the epoch's order
    int batch = 128;          ///< halved when memory runs out
    int halvings = 0;
    double rateFactor = 1;            ///< of the scheduled rate; halved at each return to a checkpoint
    int strikes = 0;                  ///< skipped steps in a row
    int skipped = 0;                  ///< skipped steps in all
    int returns = 0;                  ///< returns to a checkpoint
    int lowChecks = 0;                ///< epochs in a row with an embedding that hardly spreads
    EpochSums sums;                   ///< of the epoch so far
    std::optional<EpochFigures> last; ///< of the last whole epoch

    /// Three checks below .1/√D (methods.md §2).
    bool collapsed() const { return lowChecks >= 3; }
};

nlohmann::json toJson(const PretrainState& state);
/// corrupt when a field is missing or of another type.
Result<PretrainState> pretrainStateFromJson(const nlohmann::json& json);

} // namespace foveate::learn::ssl
