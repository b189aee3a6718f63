// SPDX-License-Identifier: GPL-3.0-or-later
// TrainOptions: what TrainJob may be told. Each field says what a larger value does and where its default comes from.
#pragma once

#include "base/Result.h"
#include "learn/augment/Preset.h"
#include "learn/nets/Backbone.h"
#include "learn/optim/Optimiser.h"

#include <nlohmann/json.hpp>
#include <string>

namespace foveate::learn {

struct TrainOptions {
    std::string preset = "small"; ///< whose values these are, for the record
    std::string model = "resnet18";
    int size = 0;    ///< pixels of a side; larger: finer and slower. 0: the parent's, else the pack's
    int epochs = 25; ///< at most; larger: longer, and closer to the labels
    int batch = 32;  ///< larger: steadier steps, fewer of them
    optim::Kind optimiser = optim::Kind::adam;
    double beta1 = .9;          ///< of Adam: memory of the mean; larger: smoother (P4: .93)
    double learningRate = 3e-4; ///< larger: faster and less steady
    bool cosine = true;         ///< the rate falls to 0 along half a cosine over `epochs`; false: constant (P1)
    int stepEvery =
        0; ///< epochs after which the rate is multiplied by `stepFactor` (P3: 25); 0: never. Not with cosine
    double stepFactor = .5;     ///< (P3)
    double dropout = -1;        ///< before the head; -1: the model's usual (VGG .5, others 0)
    double layerDropout = -1;   ///< inside, see nets/Backbone.h (P4: .2); -1: the model's usual
    int views = 1;              ///< of each image in an epoch (P4: 4); larger: longer epochs
    bool classWeights = true;   ///< n/(C·n_c): rare classes count as much as frequent ones (P1)
    int patience = 3;           ///< epochs without a better validation loss before stopping (P1); 0: never stop early
    std::string watch = "loss"; ///< what stops early and picks the best epoch: validation "loss" or "accuracy" (P4)
    int judgeFrom = 15;    ///< epoch from which the validation loss counts; earlier, batch norm's running averages lag
                           ///< behind the weights and stop at epoch 1 to 7 of 25, a tenth of the accuracy lower
    int validateFrom = 50; ///< labels from which a fifth is kept aside to stop by
    double validationShare = .2; ///< part of the labels kept aside (P1)
    int joinEpochs =
        5; ///< of `epochs`, after stopping: on all labels, those kept aside too; at most a fifth. 0: P1's way
    bool freeze = false;       ///< only the head learns
    bool syncBatchNorm = true; ///< of several ranks: norms see the whole batch's images, not a rank's alone
    int hidden = 0;            ///< width of a layer with batch norm before the head's linear one (P3: 512); 0: none
    nlohmann::json augment;    ///< preset of augment/Preset.h by name or object; null: weak, by the channels
};

/// usage (args: option) for an unknown name, a wrong type or a value out of range.
Result<TrainOptions> trainOptionsFromJson(const nlohmann::json& json);
nlohmann::json toJson(const TrainOptions& options);

/// The optimiser's and the network's part of them.
optim::OptimiserOptions optimiserOf(const TrainOptions& options);
Dropout dropoutOf(const TrainOptions& options, const std::string& model);

} // namespace foveate::learn
