// SPDX-License-Identifier: GPL-3.0-or-later
// PretrainOptions: what PretrainJob may be told. Each field says what a larger value does and where its default comes
// from.
#pragma once

#include "base/Result.h"
#include "learn/augment/Preset.h"
#include "learn/optim/Optimiser.h"
#include "learn/ssl/Objective.h"

#include <nlohmann/json.hpp>
#include <string>

namespace foveate::learn::ssl {

struct PretrainOptions {
    ObjectiveOptions objective; ///< keys method, head, temperature, sigma
    std::string model = "resnet18";
    int size = 224;     ///< pixels of a side, cut to the pack's; larger: finer and slower
    int epochs = 100;   ///< larger: longer; 0 evaluates the random start
    int planned = 0;    ///< epochs over which the cosine falls to 0; 0: `epochs` (P1 plans 120 and stops at 75)
    int batch = 128;    ///< images (two views each); larger: more negatives, fewer steps
    int accumulate = 1; ///< batches whose gradients one step of the optimiser takes together; negatives stay a batch's
    optim::Kind optimiser = optim::Kind::adam;
    double learningRate = 0;         ///< 0: adam, adamw 1e-3·n/128, lamb .01·n/256 for n = batch·accumulate, sgd .01
                                     ///< (methods.md §2)
    std::string schedule = "cosine"; ///< after the warm-up; or "step" (StepLR)
    int stepEvery = 25;              ///< epochs between two steps of "step"
    double stepFactor = .5;          ///< at each of them
    int warmUp = -1;                 ///< epochs; -1: min(10, ⌈epochs/10⌉)
    nlohmann::json preset;         ///< of augment/Preset.h by name or object; null: grey or histology, by the channels
    bool zeroInitResidual = false; ///< every residual branch starts at nothing (P3's code)
    bool syncBatchNorm = true;     ///< of several ranks: norms see the whole batch's images, not a rank's alone
    bool evaluate = false;         ///< kNN and probe against the hidden truth of input/truth.json
    int monitorEvery = 0;          ///< epochs between two checks by kNN and linear probe under `evaluate`; 0: a fifth
};

/// usage (args: option) for an unknown name, a wrong type or a value out of range.
Result<PretrainOptions> pretrainOptionsFromJson(const nlohmann::json& json);
nlohmann::json toJson(const PretrainOptions& options);

/// learningRate, or the usual one of the optimiser at this batch.
double resolvedLearningRate(const PretrainOptions& options);

} // namespace foveate::learn::ssl
