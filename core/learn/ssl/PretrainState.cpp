// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/PretrainState.h"

namespace foveate::learn::ssl {
namespace {

using nlohmann::json;

constexpr const char* kStages[] = {"training", "monitoring", "examining"};

std::optional<Stage> stageOf(const std::string& name)
{
    for (int i = 0; i < 3; ++i)
        if (name == kStages[i])
            return Stage(i);
    return std::nullopt;
}

std::optional<EpochFigures> figuresOf(const json& from)
{
    if (from.is_null())
        return std::nullopt;
    return EpochFigures{from.at(0), from.at(1), from.at(2), from.at(3)};
}

} // namespace

json toJson(const PretrainState& state)
{
    const EpochSums& s = state.sums;
    json last;
    if (state.last)
        last = {state.last->loss, state.last->contrastiveAccuracy, state.last->crossViewAccuracy,
                state.last->embeddingDeviation};
    return {{"job", "pretrain"},
            {"stage", kStages[int(state.stage)]},
            {"epoch", state.epoch},
            {"step", state.step},
            {"position", state.position},
            {"batch", state.batch},
            {"halvings", state.halvings},
            {"rate_factor", state.rateFactor},
            {"strikes", state.strikes},
            {"skipped", state.skipped},
            {"returns", state.returns},
            {"low_checks", state.lowChecks},
            {"sums", {s.loss, s.all, s.crossView, s.deviation, s.spread}},
            {"images", s.images},
            {"last", last}};
}

Result<PretrainState> pretrainStateFromJson(const json& from)
{
    try {
        PretrainState state;
        const std::optional<Stage> stage = stageOf(from.at("stage").get<std::string>());
        if (from.at("job") != "pretrain" || !stage)
            return fail(Code::corrupt, {"state.json", "job"});
        state.stage = *stage;
        from.at("epoch").get_to(state.epoch);
        from.at("step").get_to(state.step);
        from.at("position").get_to(state.position);
        from.at("batch").get_to(state.batch);
        from.at("halvings").get_to(state.halvings);
        from.at("rate_factor").get_to(state.rateFactor);
        from.at("strikes").get_to(state.strikes);
        from.at("skipped").get_to(state.skipped);
        from.at("returns").get_to(state.returns);
        from.at("low_checks").get_to(state.lowChecks);
        const json& sums = from.at("sums");
        state.sums = {sums.at(0), sums.at(1), sums.at(2), sums.at(3), sums.at(4), from.at("images")};
        state.last = figuresOf(from.at("last"));
        return state;
    } catch (const json::exception& exception) {
        return fail(Code::corrupt, {"state.json", exception.what()});
    }
}

} // namespace foveate::learn::ssl
