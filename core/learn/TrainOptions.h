// SPDX-License-Identifier: GPL-3.0-or-later
// TrainOptions: what TrainJob may be told. Each field says what a larger value does and where its default comes from.
#pragma once

#include "base/Result.h"
#include "learn/augment/Preset.h"

#include <nlohmann/json.hpp>
#include <string>

namespace foveate::learn {

struct TrainOptions {
    std::string preset = "small";
    std::string model = "resnet18";
    int size = 0;               ///< pixels of a side; larger: finer and slower. 0: the parent's, else the pack's
    int epochs = 25;            ///< at most; larger: longer, and closer to the labels
    int batch = 32;             ///< larger: steadier steps, fewer of them
    double learningRate = 3e-4; ///< of Adam; larger: faster and less steady
    bool cosine = true;         ///< the rate falls to 0 along half a cosine over `epochs`; false: constant (P1)
    bool classWeights = true;   ///< n/(C·n_c): rare classes count as much as frequent ones (P1)
    int patience = 3;           ///< epochs without a better validation loss before stopping (P1); 0: never stop early
    int judgeFrom = 15;    ///< epoch from which the validation loss counts; earlier, batch norm's running averages lag
                           ///< behind the weights and stop at epoch 1 to 7 of 25, a tenth of the accuracy lower
    int validateFrom = 50; ///< labels from which a fifth is kept aside to stop by
    double validationShare = .2; ///< part of the labels kept aside (P1)
    int joinEpochs =
        5; ///< of `epochs`, after stopping: on all labels, those kept aside too; at most a fifth. 0: P1's way
    bool freeze = false;    ///< only the head learns
    nlohmann::json augment; ///< preset of augment/Preset.h by name or object; null: weak, by the channels
};

/// usage (args: option) for an unknown name, a wrong type or a value out of range.
Result<TrainOptions> trainOptionsFromJson(const nlohmann::json& json);
nlohmann::json toJson(const TrainOptions& options);

} // namespace foveate::learn
