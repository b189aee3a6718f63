// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainOptions.h"

#include <limits>
#include <set>

namespace foveate::learn {
namespace {

using nlohmann::json;

template <typename Number> Status readNumber(const json& from, const char* key, Number low, Number high, Number& value)
{
    if (!from.contains(key) || from[key].is_null())
        return {};
    const json& given = from[key];
    const bool fits = std::is_integral_v<Number> ? given.is_number_integer() : given.is_number();
    if (!fits || given.get<double>() < double(low) || given.get<double>() > double(high))
        return fail(Code::usage, {key});
    value = given.get<Number>();
    return {};
}

Status readFlag(const json& from, const char* key, bool& value)
{
    if (!from.contains(key) || from[key].is_null())
        return {};
    if (!from[key].is_boolean())
        return fail(Code::usage, {key});
    value = from[key].get<bool>();
    return {};
}

Status readText(const json& from, const char* key, std::string& value)
{
    if (!from.contains(key) || from[key].is_null())
        return {};
    if (!from[key].is_string())
        return fail(Code::usage, {key});
    value = from[key].get<std::string>();
    return {};
}

Status readOptimiser(const json& from, optim::Kind& kind)
{
    std::string text{optim::name(kind)};
    FOVEATE_CHECK(readText(from, "optimiser", text));
    FOVEATE_TRY(kind, optim::kindFromName(text));
    return {};
}

Status refuseUnknown(const json& from)
{
    const json known = toJson(TrainOptions());
    for (const auto& item : from.items()) {
        if (!known.contains(item.key()))
            return fail(Code::usage, {item.key()});
    }
    return {};
}

} // namespace

Result<TrainOptions> trainOptionsFromJson(const json& from)
{
    TrainOptions options;
    if (from.is_null())
        return options;
    if (!from.is_object())
        return fail(Code::usage, {"options"});
    FOVEATE_CHECK(refuseUnknown(from));
    FOVEATE_CHECK(readText(from, "preset", options.preset));
    FOVEATE_CHECK(readText(from, "model", options.model));
    FOVEATE_CHECK(readNumber(from, "size", 0, 1 << 14, options.size));
    FOVEATE_CHECK(readNumber(from, "epochs", 0, 1000000, options.epochs));
    FOVEATE_CHECK(readNumber(from, "batch", 2, 1 << 20, options.batch));
    FOVEATE_CHECK(readOptimiser(from, options.optimiser));
    FOVEATE_CHECK(readNumber(from, "beta1", 0.0, .9999, options.beta1));
    FOVEATE_CHECK(readNumber(from, "learning_rate", 0.0, std::numeric_limits<double>::max(), options.learningRate));
    FOVEATE_CHECK(readFlag(from, "cosine", options.cosine));
    FOVEATE_CHECK(readNumber(from, "step_every", 0, 1000000, options.stepEvery));
    FOVEATE_CHECK(readNumber(from, "step_factor", 0.0, 1.0, options.stepFactor));
    FOVEATE_CHECK(readNumber(from, "dropout", -1.0, .99, options.dropout));
    FOVEATE_CHECK(readNumber(from, "layer_dropout", -1.0, .99, options.layerDropout));
    FOVEATE_CHECK(readNumber(from, "views", 1, 64, options.views));
    FOVEATE_CHECK(readText(from, "watch", options.watch));
    if (options.watch != "loss" && options.watch != "accuracy")
        return fail(Code::usage, {"watch"});
    FOVEATE_CHECK(readFlag(from, "class_weights", options.classWeights));
    FOVEATE_CHECK(readNumber(from, "patience", 0, 1000000, options.patience));
    FOVEATE_CHECK(readNumber(from, "judge_from", 1, 1000000, options.judgeFrom));
    FOVEATE_CHECK(readNumber(from, "validate_from", 2, std::numeric_limits<int>::max(), options.validateFrom));
    FOVEATE_CHECK(readNumber(from, "validation_share", .01, .9, options.validationShare));
    FOVEATE_CHECK(readNumber(from, "join_epochs", 0, 1000000, options.joinEpochs));
    FOVEATE_CHECK(readFlag(from, "freeze", options.freeze));
    FOVEATE_CHECK(readFlag(from, "sync_batch_norm", options.syncBatchNorm));
    FOVEATE_CHECK(readNumber(from, "hidden", 0, 1 << 16, options.hidden));
    if (from.contains("augment"))
        options.augment = from["augment"];
    return options;
}

json toJson(const TrainOptions& options)
{
    return {{"preset", options.preset},
            {"model", options.model},
            {"size", options.size},
            {"epochs", options.epochs},
            {"batch", options.batch},
            {"optimiser", optim::name(options.optimiser)},
            {"beta1", options.beta1},
            {"learning_rate", options.learningRate},
            {"cosine", options.cosine},
            {"step_every", options.stepEvery},
            {"step_factor", options.stepFactor},
            {"dropout", options.dropout},
            {"layer_dropout", options.layerDropout},
            {"views", options.views},
            {"watch", options.watch},
            {"class_weights", options.classWeights},
            {"patience", options.patience},
            {"judge_from", options.judgeFrom},
            {"validate_from", options.validateFrom},
            {"validation_share", options.validationShare},
            {"join_epochs", options.joinEpochs},
            {"freeze", options.freeze},
            {"sync_batch_norm", options.syncBatchNorm},
            {"hidden", options.hidden},
            {"augment", options.augment}};
}

optim::OptimiserOptions optimiserOf(const TrainOptions& options)
{
    optim::OptimiserOptions optimiser = optim::usualOptions(options.optimiser);
    optimiser.beta1 = options.beta1;
    return optimiser;
}

Dropout dropoutOf(const TrainOptions& options, const std::string& model)
{
    Dropout dropout = usualDropout(model);
    if (options.dropout >= 0)
        dropout.head = options.dropout;
    if (options.layerDropout >= 0)
        dropout.layers = options.layerDropout;
    return dropout;
}

} // namespace foveate::learn
