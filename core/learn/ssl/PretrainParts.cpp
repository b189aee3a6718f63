// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/PretrainParts.h"

#include "learn/TrainSetup.h"

#include <algorithm>

namespace foveate::learn::ssl {
namespace {

Result<ModelInfo> describe(const RunContext& context, const PretrainOptions& options)
{
    FOVEATE_TRY(ModelInfo info, startOf(context, options.model));
    info.size = std::min(options.size, int(context.pack.shape().size));
    info.classes.clear();
    info.method = options.objective.method;
    return info;
}

std::vector<std::int64_t> trainingRows(const Snapshot& snapshot)
{
    std::vector<std::int64_t> rows;
    for (const SnapshotSample& sample : snapshot.samples)
        if (sample.split == Split::train || sample.split == Split::none)
            rows.push_back(sample.row);
    return rows;
}

Result<std::optional<EvaluationSet>> evaluationOf(const RunContext& context, const PretrainOptions& options)
{
    if (!options.evaluate)
        return std::optional<EvaluationSet>();
    FOVEATE_TRY(const auto truth, readTruth(context.folder));
    FOVEATE_TRY(EvaluationSet set, makeEvaluationSet(context.snapshot, truth));
    return std::optional<EvaluationSet>(std::move(set));
}

Result<augment::Preset> choosePreset(const PretrainOptions& options, int channels)
{
    if (!options.preset.is_null())
        return augment::presetFromJson(options.preset);
    return augment::preset(augment::usualPreset(channels));
}

} // namespace

Result<ViewsParts> makeViewsParts(const RunContext& context, std::optional<Normalisation> normalisation)
{
    FOVEATE_TRY(PretrainOptions options, pretrainOptionsFromJson(context.snapshot.options));
    FOVEATE_TRY(ModelInfo info, describe(context, options));
    options.model = info.model;
    FOVEATE_TRY(augment::Preset preset, choosePreset(options, info.channels));
    std::vector<std::int64_t> training = trainingRows(context.snapshot);
    if (training.size() < 2)
        return fail(Code::notFound, {"training images", std::to_string(training.size())});
    std::vector<std::int64_t> rows = rowsOf(context.snapshot);
    FOVEATE_TRY(PackBatches batches,
                PackBatches::create(context.pack, rows, info.size, normalisation.value_or(info.normalisation),
                                    context.capability.threads, deviceOf(context.capability)));
    return ViewsParts{std::move(options),  std::move(info), std::move(preset),
                      std::move(training), std::move(rows), std::move(batches)};
}

Result<PretrainParts> makePretrainParts(RunContext context)
{
    FOVEATE_TRY(ViewsParts views, makeViewsParts(context));
    FOVEATE_CHECK(context.checkShares(std::min(views.training.size(), std::size_t(views.options.batch))));
    FOVEATE_TRY(std::optional<EvaluationSet> evaluation, evaluationOf(context, views.options));
    FOVEATE_TRY(std::unique_ptr<Learner> learner,
                Learner::create(views.options, context.capability, context.parent ? &context.parent->tensors : nullptr,
                                context.snapshot.seed, context.group));
    return PretrainParts{std::move(views), std::move(context), std::move(evaluation), std::move(learner)};
}

} // namespace foveate::learn::ssl
