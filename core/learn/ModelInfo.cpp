// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ModelInfo.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace foveate::learn {
namespace {

using nlohmann::json;

constexpr const char* kSeveral = "several";

Result<std::array<float, 3>> threeNumbers(const json& list)
{
    if (!list.is_array() || list.size() != 3 ||
        !std::all_of(list.begin(), list.end(), [](const json& v) { return v.is_number(); }))
        return fail(Code::badInput, {"weights", "normalisation"});
    return list.get<std::array<float, 3>>();
}

Result<json> field(const Metadata& metadata, const std::string& key)
{
    const auto found = metadata.find(key);
    if (found == metadata.end())
        return fail(Code::badInput, {"weights", key});
    json value = json::parse(found->second, nullptr, false);
    if (value.is_discarded())
        return fail(Code::badInput, {"weights", key});
    return value;
}

Result<int> positive(const Metadata& metadata, const std::string& key, int most)
{
    FOVEATE_TRY(const json value, field(metadata, key));
    if (!value.is_number_integer() || value.get<std::int64_t>() < 1 || value.get<std::int64_t>() > most)
        return fail(Code::badInput, {"weights", key});
    return value.get<int>();
}

std::string text(const Metadata& metadata, const std::string& key, const std::string& otherwise)
{
    const auto found = metadata.find(key);
    return found == metadata.end() ? otherwise : found->second;
}

} // namespace

Metadata toMetadata(const ModelInfo& info)
{
    Metadata metadata{{"model", info.model},
                      {"size", std::to_string(info.size)},
                      {"channels", std::to_string(info.channels)},
                      {"classes", json(info.classes).dump()},
                      {"mean", json(info.normalisation.mean).dump()},
                      {"std", json(info.normalisation.deviation).dump()},
                      {"method", info.method},
                      {"dtype", info.dtype}};
    if (info.multiLabel)
        metadata["labels"] = kSeveral;
    if (info.hidden > 0)
        metadata["hidden"] = std::to_string(info.hidden);
    return metadata;
}

Result<ModelInfo> infoFromMetadata(const Metadata& metadata)
{
    ModelInfo info;
    info.model = text(metadata, "model", "");
    if (info.model.empty())
        return fail(Code::badInput, {"weights", "model"});
    FOVEATE_TRY(info.size, positive(metadata, "size", 1 << 16));
    FOVEATE_TRY(info.channels, positive(metadata, "channels", 3));
    FOVEATE_TRY(const json classes, field(metadata, "classes"));
    if (!classes.is_array() ||
        !std::all_of(classes.begin(), classes.end(), [](const json& v) { return v.is_string(); }))
        return fail(Code::badInput, {"weights", "classes"});
    info.classes = classes.get<std::vector<std::string>>();
    FOVEATE_TRY(const json mean, field(metadata, "mean"));
    FOVEATE_TRY(info.normalisation.mean, threeNumbers(mean));
    FOVEATE_TRY(const json deviation, field(metadata, "std"));
    FOVEATE_TRY(info.normalisation.deviation, threeNumbers(deviation));
    if (metadata.contains("hidden")) {
        FOVEATE_TRY(info.hidden, positive(metadata, "hidden", 1 << 16));
    }
    const std::string labels = text(metadata, "labels", "");
    if (!labels.empty() && labels != kSeveral)
        return fail(Code::badInput, {"weights", "labels"});
    info.multiLabel = labels == kSeveral;
    info.method = text(metadata, "method", "");
    info.dtype = text(metadata, "dtype", "float32");
    return info;
}

Result<ModelInfo> infoOfParent(const Metadata& metadata, ModelInfo otherwise)
{
    if (metadata.contains("model"))
        return infoFromMetadata(metadata);
    Normalisation usual = augment::usualNormalisation(3);
    if (otherwise.channels == 1) {
        usual.mean.fill((usual.mean[0] + usual.mean[1] + usual.mean[2]) / 3);
        usual.deviation.fill((usual.deviation[0] + usual.deviation[1] + usual.deviation[2]) / 3);
    }
    otherwise.normalisation = usual;
    return otherwise;
}

} // namespace foveate::learn
