// SPDX-License-Identifier: GPL-3.0-or-later
// PretrainParts: what a pre-training run works with, made from its snapshot: options, images, encoder and truth.
#pragma once

#include "learn/ModelInfo.h"
#include "learn/PackBatches.h"
#include "learn/RunJob.h"
#include "learn/ssl/Evaluation.h"
#include "learn/ssl/Learner.h"
#include "learn/ssl/PretrainOptions.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace foveate::learn::ssl {

/// What views are made from.
struct ViewsParts {
    PretrainOptions options;
    ModelInfo info;
    augment::Preset preset;
    std::vector<std::int64_t> training; ///< rows that are learnt from: the training split, or samples of no split
    std::vector<std::int64_t> rows;     ///< all samples, in the snapshot's order
    PackBatches batches;
};

struct PretrainParts : ViewsParts {
    RunContext context;
    std::optional<EvaluationSet> evaluation; ///< under `evaluate` only; the truth is not read otherwise
    std::unique_ptr<Learner> learner;
};

/// The normalisation is the model's when none is given. Failures: see PretrainJob.h.
Result<ViewsParts> makeViewsParts(const RunContext& context, std::optional<Normalisation> normalisation = {});
Result<PretrainParts> makePretrainParts(RunContext context);

} // namespace foveate::learn::ssl
