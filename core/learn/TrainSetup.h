// SPDX-License-Identifier: GPL-3.0-or-later
// TrainSetup: which network a training or pre-training starts from, and by which views a training learns.
#pragma once

#include "learn/ModelInfo.h"
#include "learn/Network.h"
#include "learn/RunJob.h"
#include "learn/TrainOptions.h"

namespace foveate::learn {

/// What a run's weights begin as: model, size, channels and normalisation of the parent where there is one that says
/// them (weights of other programs do not: ImageNet's normalisation is theirs), else `model` and the pack's. wrongShape
/// when the parent has other channels than the pack.
Result<ModelInfo> startOf(const RunContext& context, const std::string& model);

/// The same for a training, with its options' size and the project's classes.
Result<ModelInfo> chooseModel(const RunContext& context, const TrainOptions& options);

/// The network that a training begins with: a fresh head on the parent's backbone, or on one made by the seed. Errors
/// of Network::create() and load().
Result<Network> makeNetwork(const RunContext& context, const TrainOptions& options, const ModelInfo& info);

/// The option's preset of views, else the weak one for the channels.
Result<augment::Preset> choosePreset(const TrainOptions& options, int channels);

} // namespace foveate::learn
