// SPDX-License-Identifier: GPL-3.0-or-later
// TrainState: where a training stands, as it is saved in a checkpoint's state.json. Numbers survive the text exactly.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace foveate::learn {

enum class TrainStage { training, validating, scoring };

struct TrainState {
    TrainStage stage = TrainStage::training;
    int epoch = 0;            ///< finished epochs
    std::int64_t step = 0;    ///< steps done in all stages before scoring
    std::size_t position = 0; ///< next in the epoch's order
    int batch = 32;           ///< halved when memory runs out
    int halvings = 0;
    double learningRate = 0; ///< halved at each return to a checkpoint
    int strikes = 0;         ///< skipped steps in a row
    int skipped = 0;         ///< skipped steps in all
    int returns = 0;         ///< returns to a checkpoint
    double lossSum = 0;      ///< over the epoch so far, weighted
    double weightSum = 0;
    std::int64_t correct = 0;
    std::int64_t seen = 0;
    std::optional<double> lastLoss; ///< mean of the last whole epoch
    std::optional<double> lastValidationLoss;
    std::optional<double> bestLoss; ///< best validation loss (or share of errors, where that is watched), and when
    int bestEpoch = 0;
    int waited = 0; ///< epochs since then
    int joined = 0; ///< epoch after which all labels are learnt from; 0: not yet

    void beginEpoch();
};

nlohmann::json toJson(const TrainState& state);
/// corrupt when a field is missing or of another type.
Result<TrainState> trainStateFromJson(const nlohmann::json& json);

} // namespace foveate::learn
