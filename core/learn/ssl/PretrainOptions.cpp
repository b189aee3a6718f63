// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/PretrainOptions.h"

namespace foveate::learn::ssl {
namespace {

using nlohmann::json;

/// Reads known keys one by one; the first that does not fit is kept as the error.
class Reader {
public:
    explicit Reader(const json& from) : m_from(from) {}

    template <typename Number> void number(const char* key, Number low, Number high, Number& value)
    {
        const json* given = find(key);
        if (given == nullptr)
            return;
        const bool fits = std::is_integral_v<Number> ? given->is_number_integer() : given->is_number();
        if (!fits || given->get<double>() < double(low) || given->get<double>() > double(high))
            return refuse(key);
        value = given->get<Number>();
    }
    void flag(const char* key, bool& value)
    {
        const json* given = find(key);
        if (given != nullptr && !given->is_boolean())
            return refuse(key);
        if (given != nullptr)
            value = given->get<bool>();
    }
    void text(const char* key, std::string& value)
    {
        const json* given = find(key);
        if (given != nullptr && !given->is_string())
            return refuse(key);
        if (given != nullptr)
            value = given->get<std::string>();
    }
    const Status& status() const { return m_status; }

private:
    const json* find(const char* key) const
    {
        const auto found = m_from.find(key);
        return found == m_from.end() || found->is_null() ? nullptr : &*found;
    }
    void refuse(const char* key)
    {
        if (m_status)
            m_status = fail(Code::usage, {key});
    }
    const json& m_from;
    Status m_status;
};

Status refuseUnknown(const json& from)
{
    const json known = toJson(PretrainOptions());
    for (const auto& item : from.items())
        if (!known.contains(item.key()))
            return fail(Code::usage, {item.key()});
    return {};
}

} // namespace

Result<PretrainOptions> pretrainOptionsFromJson(const json& from)
{
    PretrainOptions options;
    if (from.is_null())
        return options;
    if (!from.is_object())
        return fail(Code::usage, {"options"});
    FOVEATE_CHECK(refuseUnknown(from));
    std::string optimiser(optim::name(options.optimiser));
    Reader reader(from);
    reader.text("method", options.objective.method);
    reader.text("head", options.objective.head);
    reader.number("temperature", 1e-3, 100., options.objective.temperature);
    reader.number("sigma", 1e-3, 100., options.objective.sigma);
    reader.text("model", options.model);
    reader.number("size", 1, 1 << 14, options.size);
    reader.number("epochs", 0, 1000000, options.epochs);
    reader.number("planned", 0, 1000000, options.planned);
    reader.number("batch", 2, 1 << 20, options.batch);
    reader.number("accumulate", 1, 1 << 16, options.accumulate);
    reader.text("optimiser", optimiser);
    reader.number("learning_rate", 0., 1e30, options.learningRate);
    reader.text("schedule", options.schedule);
    reader.number("step_every", 1, 1000000, options.stepEvery);
    reader.number("step_factor", 0., 1., options.stepFactor);
    reader.number("warm_up", -1, 1000000, options.warmUp);
    reader.flag("zero_init_residual", options.zeroInitResidual);
    reader.flag("sync_batch_norm", options.syncBatchNorm);
    reader.flag("evaluate", options.evaluate);
    reader.number("monitor_every", 0, 1000000, options.monitorEvery);
    FOVEATE_CHECK(reader.status());
    if (options.schedule != "cosine" && options.schedule != "step")
        return fail(Code::usage, {"schedule"});
    FOVEATE_TRY(options.optimiser, optim::kindFromName(optimiser));
    options.preset = from.value("preset", json());
    return options;
}

json toJson(const PretrainOptions& options)
{
    return {{"method", options.objective.method},
            {"head", options.objective.head},
            {"temperature", options.objective.temperature},
            {"sigma", options.objective.sigma},
            {"model", options.model},
            {"size", options.size},
            {"epochs", options.epochs},
            {"planned", options.planned},
            {"batch", options.batch},
            {"accumulate", options.accumulate},
            {"optimiser", optim::name(options.optimiser)},
            {"learning_rate", options.learningRate},
            {"schedule", options.schedule},
            {"step_every", options.stepEvery},
            {"step_factor", options.stepFactor},
            {"warm_up", options.warmUp},
            {"preset", options.preset},
            {"zero_init_residual", options.zeroInitResidual},
            {"sync_batch_norm", options.syncBatchNorm},
            {"evaluate", options.evaluate},
            {"monitor_every", options.monitorEvery}};
}

double resolvedLearningRate(const PretrainOptions& options)
{
    if (options.learningRate > 0)
        return options.learningRate;
    const double images = double(options.batch) * options.accumulate;
    switch (options.optimiser) {
    case optim::Kind::lamb: return .01 * images / 256;
    case optim::Kind::sgd: return .01;
    default: return 1e-3 * images / 128;
    }
}

} // namespace foveate::learn::ssl
