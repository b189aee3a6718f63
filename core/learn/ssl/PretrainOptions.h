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
    int size = 224;   ///< pixels of a side, cut to the pack's; larger: finer and slower
    int epochs = 100; ///< larger: longer; 0 evaluates the random start
    int batch = 128;  ///< images (two views each); larger: more negatives, fewer steps
    optim::Kind optimiser = optim::Kind::adam;
    double learningRate = 0;       ///< 0: adam, adamw 1e-3·batch/128, lamb .01·batch/256, sgd .01 (methods.md §2)
    int warmUp = -1;               ///< epochs; -1: min(10, ⌈epochs/10⌉)
    nlohmann::json preset;         ///< of augment/Preset.h by name or object; null: grey or histology, by the channels
    bool zeroInitResidual = false; ///< every residual branch starts at nothing (P3's code)
    bool evaluate = false;         ///< kNN and probe against the hidden truth of input/truth.json
    int monitorEvery = 0;          ///< epochs between two kNN checks under `evaluate`; 0: a fifth of the run
};

/// usage (args: option) for an unknown name, a wrong type or a value out of range.
Result<PretrainOptions> pretrainOptionsFromJson(const nlohmann::json& json);
nlohmann::json toJson(const PretrainOptions& options);

/// learningRate, or the usual one of the optimiser at this batch.
double resolvedLearningRate(const PretrainOptions& options);

} // namespace foveate::learn::ssl
