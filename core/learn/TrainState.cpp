// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TrainState.h"

namespace foveate::learn {
namespace {

using nlohmann::json;

constexpr const char* kStages[] = {"training", "validating", "scoring"};

json orNull(const std::optional<double>& value)
{
    return value ? json(*value) : json();
}

std::optional<double> optional(const json& value)
{
    return value.is_null() ? std::nullopt : std::optional<double>(value.get<double>());
}

TrainStage stageOf(const std::string& name)
{
    for (int i = 0; i < 3; ++i) {
        if (name == kStages[i])
            return TrainStage(i);
    }
    throw json::other_error::create(501, "stage", nullptr);
}

} // namespace

void TrainState::beginEpoch()
{
    position = 0;
    lossSum = weightSum = 0;
    correct = seen = 0;
}

json toJson(const TrainState& state)
{
    return {{"job", "train"},
            {"stage", kStages[int(state.stage)]},
            {"epoch", state.epoch},
            {"step", state.step},
            {"position", state.position},
            {"batch", state.batch},
            {"halvings", state.halvings},
            {"learning_rate", state.learningRate},
            {"strikes", state.strikes},
            {"skipped", state.skipped},
            {"returns", state.returns},
            {"loss_sum", state.lossSum},
            {"weight_sum", state.weightSum},
            {"correct", state.correct},
            {"seen", state.seen},
            {"last_loss", orNull(state.lastLoss)},
            {"last_validation_loss", orNull(state.lastValidationLoss)},
            {"best_loss", orNull(state.bestLoss)},
            {"best_epoch", state.bestEpoch},
            {"waited", state.waited},
            {"joined", state.joined}};
}

Result<TrainState> trainStateFromJson(const json& from)
{
    try {
        TrainState state;
        if (from.at("job") != "train")
            return fail(Code::corrupt, {"state.json", "job"});
        state.stage = stageOf(from.at("stage").get<std::string>());
        from.at("epoch").get_to(state.epoch);
        from.at("step").get_to(state.step);
        from.at("position").get_to(state.position);
        from.at("batch").get_to(state.batch);
        from.at("halvings").get_to(state.halvings);
        from.at("learning_rate").get_to(state.learningRate);
        from.at("strikes").get_to(state.strikes);
        from.at("skipped").get_to(state.skipped);
        from.at("returns").get_to(state.returns);
        from.at("loss_sum").get_to(state.lossSum);
        from.at("weight_sum").get_to(state.weightSum);
        from.at("correct").get_to(state.correct);
        from.at("seen").get_to(state.seen);
        state.lastLoss = optional(from.at("last_loss"));
        state.lastValidationLoss = optional(from.at("last_validation_loss"));
        state.bestLoss = optional(from.at("best_loss"));
        from.at("best_epoch").get_to(state.bestEpoch);
        from.at("waited").get_to(state.waited);
        from.at("joined").get_to(state.joined);
        return state;
    } catch (const json::exception& exception) {
        return fail(Code::corrupt, {"state.json", exception.what()});
    }
}

} // namespace foveate::learn
