// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Options.h"

#include <array>
#include <functional>
#include <vector>

namespace foveate::query {
namespace {

using nlohmann::json;

/// One option: its key, and how its value goes into JSON and comes out of it (false: not a value it can have).
struct Field {
    const char* key;
    std::function<json(const Options&)> write;
    std::function<bool(Options&, const json&)> read;
};

Field whole(const char* key, int Options::*member, int low, int high)
{
    return {key, [member](const Options& options) { return json(options.*member); },
            [=](Options& options, const json& value) {
                if (!value.is_number_integer() || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high)
                    return false;
                options.*member = value.get<int>();
                return true;
            }};
}

Field flag(const char* key, bool Options::*member)
{
    return {key, [member](const Options& options) { return json(options.*member); },
            [=](Options& options, const json& value) {
                if (value.is_boolean())
                    options.*member = value.get<bool>();
                return value.is_boolean();
            }};
}

/// The words of an enumeration in the order of its values.
template <typename Enum> Field word(const char* key, Enum Options::*member, std::vector<std::string> words)
{
    return {key, [member, words](const Options& options) { return json(words[std::size_t(options.*member)]); },
            [member, words](Options& options, const json& value) {
                for (std::size_t i = 0; i < words.size(); ++i)
                    if (value == json(words[i])) {
                        options.*member = Enum(i);
                        return true;
                    }
                return false;
            }};
}

Field mapName()
{
    return {"map", [](const Options& options) { return json(options.map); },
            [](Options& options, const json& value) {
                if (value != json("deep-taylor") && value != json("gradcam"))
                    return false;
                options.map = value.get<std::string>();
                return true;
            }};
}

const std::vector<Field>& fields()
{
    static const std::vector<Field> all{
        whole("count", &Options::count, 1, 100'000'000),
        flag("diverse", &Options::diverse),
        word("aleatoric", &Options::aleatoric, {"none", "bernoulli"}),
        word("periphery_rule", &Options::peripheryRule, {"below", "band"}),
        word("cluster_model", &Options::clusterModel, {"gaussians", "gmm"}),
        word("spread_rule", &Options::spreadRule, {"half", "p1-code", "unique"}),
        whole("unique", &Options::unique, 1, 1000),
        whole("spread_runs", &Options::spreadRuns, 1, 100'000),
        whole("repeat", &Options::repeat, 0, 10'000),
        flag("converge", &Options::converge),
        word("kurtosis_of", &Options::kurtosisOf, {"pixels", "counts"}),
        flag("smooth", &Options::smooth),
        word("directions", &Options::directions, {"correlated", "large"}),
        flag("ordinal", &Options::ordinal),
        whole("clusters", &Options::clusters, 1, 1000),
        whole("updates", &Options::updates, 1, 1000),
        flag("control", &Options::control),
        flag("literal", &Options::literal),
        word("proxy_by", &Options::proxyBy, {"entropy", "coreset"}),
        mapName(),
    };
    return all;
}

} // namespace

Result<Options> optionsFromJson(const json& from)
{
    Options options;
    if (!from.is_object())
        return fail(Code::usage, {"options"});
    for (const auto& [key, value] : from.items()) {
        const auto field = std::find_if(fields().begin(), fields().end(), [&](const Field& f) { return key == f.key; });
        if (field == fields().end() || !field->read(options, value))
            return fail(Code::usage, {key});
    }
    return options;
}

json toJson(const Options& options)
{
    json all = json::object();
    for (const Field& field : fields())
        all[field.key] = field.write(options);
    return all;
}

} // namespace foveate::query
