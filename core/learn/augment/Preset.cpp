// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/augment/Preset.h"

#include <nlohmann/json.hpp>

namespace foveate::learn::augment {
namespace {

using nlohmann::json;

Preset colourful(std::string name, double strength)
{
    Preset p;
    p.name = std::move(name);
    p.flipHorizontal = .5;
    p.jitter = .8;
    p.brightness = p.contrast = p.saturation = .8 * strength;
    p.hue = .2 * strength;
    p.grey = .2;
    p.blur = .5;
    return p;
}

Preset simclr()
{
    Preset p = colourful("simclr", 1);
    p.cropArea = {.08, 1};
    return p;
}

Preset p1Code()
{
    Preset p = colourful("p1-code", .9);
    p.cropArea = {.5, 1};
    p.cropRatio = {.8, 1.2};
    return p;
}

Preset histology()
{
    Preset p = colourful("histology", 1);
    p.cropArea = {.2, 1};
    p.flipVertical = .5;
    p.quarterTurns = true;
    return p;
}

Preset smallMedical(std::string name, double largestCrop)
{
    Preset p = colourful(std::move(name), .5);
    p.cropArea = {.08, largestCrop};
    p.saturation = .2;
    p.blurKernel = 23;
    p.solarise = .1;
    return p;
}

Preset grey()
{
    Preset p;
    p.name = "grey";
    p.cropArea = {.5, 1};
    p.flipHorizontal = .5;
    p.rotation = 10;
    p.jitter = 1;
    p.brightness = p.contrast = .4;
    p.blur = .3;
    p.gamma = {.7, 1.4};
    p.noise = .02;
    return p;
}

Preset greyWeak()
{
    Preset p;
    p.name = "grey-weak";
    p.cropArea = {.8, 1};
    p.cropRatio = {.9, 1.1};
    p.flipHorizontal = .5;
    p.rotation = 10;
    p.jitter = 1;
    p.brightness = p.contrast = .2;
    return p;
}

Preset histologyWeak()
{
    Preset p = colourful("histology-weak", .25);
    p.cropArea = {.8, 1};
    p.cropRatio = {.9, 1.1};
    p.flipVertical = .5;
    p.quarterTurns = true;
    p.grey = p.blur = 0;
    return p;
}

Preset none()
{
    Preset p;
    p.name = "none";
    p.cropRatio = {1, 1};
    return p;
}

const std::vector<Preset>& all()
{
    static const std::vector<Preset> presets{
        simclr(),   p1Code(),        histology(), smallMedical("small-medical", 1), smallMedical("p3-code", .1), grey(),
        greyWeak(), histologyWeak(), none()};
    return presets;
}

/// One number of a preset: its key and the limits within which it makes sense.
struct Number {
    const char* key;
    double Preset::*member;
    double low, high;
};
constexpr Number kNumbers[] = {
    {"flip_horizontal", &Preset::flipHorizontal, 0, 1},
    {"flip_vertical", &Preset::flipVertical, 0, 1},
    {"rotation", &Preset::rotation, 0, 180},
    {"jitter", &Preset::jitter, 0, 1},
    {"brightness", &Preset::brightness, 0, 4},
    {"contrast", &Preset::contrast, 0, 4},
    {"saturation", &Preset::saturation, 0, 4},
    {"hue", &Preset::hue, 0, .5},
    {"grey", &Preset::grey, 0, 1},
    {"blur", &Preset::blur, 0, 1},
    {"blur_kernel", &Preset::blurKernel, .001, 101},
    {"solarise", &Preset::solarise, 0, 1},
    {"solarise_threshold", &Preset::solariseThreshold, 0, 1},
    {"noise", &Preset::noise, 0, 1},
};

struct Interval {
    const char* key;
    Range Preset::*member;
    double low, high;
};
constexpr Interval kIntervals[] = {
    {"crop_area", &Preset::cropArea, .001, 1},
    {"crop_ratio", &Preset::cropRatio, .1, 10},
    {"blur_sigma", &Preset::blurSigma, .01, 50},
    {"gamma", &Preset::gamma, .05, 20},
};

tl::unexpected<Error> bad(const std::string& key)
{
    return fail(Code::badInput, {"preset", key});
}

bool within(const json& value, double low, double high)
{
    return value.is_number() && value.get<double>() >= low && value.get<double>() <= high;
}

Status setInterval(Preset& preset, const Interval& field, const json& value)
{
    if (!value.is_array() || value.size() != 2 || !within(value[0], field.low, field.high) ||
        !within(value[1], value[0].get<double>(), field.high))
        return bad(field.key);
    preset.*field.member = {value[0].get<double>(), value[1].get<double>()};
    return {};
}

Status set(Preset& preset, const std::string& key, const json& value)
{
    for (const Number& field : kNumbers)
        if (key == field.key) {
            if (!within(value, field.low, field.high))
                return bad(key);
            preset.*field.member = value.get<double>();
            return {};
        }
    for (const Interval& field : kIntervals)
        if (key == field.key)
            return setInterval(preset, field, value);
    if (key != "quarter_turns" || !value.is_boolean())
        return bad(key);
    preset.quarterTurns = value.get<bool>();
    return {};
}

} // namespace

Normalisation usualNormalisation(int channels)
{
    if (channels == 1)
        return {};
    return {{.485f, .456f, .406f}, {.229f, .224f, .225f}};
}

std::vector<std::string> presetNames()
{
    std::vector<std::string> names;
    for (const Preset& p : all())
        names.push_back(p.name);
    return names;
}

Result<Preset> preset(std::string_view name)
{
    for (const Preset& p : all())
        if (p.name == name)
            return p;
    return fail(Code::notFound, {"preset", std::string(name)});
}

std::string_view usualPreset(int channels)
{
    return channels == 1 ? "grey" : "histology";
}

json toJson(const Preset& preset)
{
    json result{{"name", preset.name}, {"quarter_turns", preset.quarterTurns}};
    for (const Number& field : kNumbers)
        result[field.key] = preset.*field.member;
    for (const Interval& field : kIntervals)
        result[field.key] = {(preset.*field.member).low, (preset.*field.member).high};
    return result;
}

Result<Preset> presetFromJson(const json& value)
{
    if (value.is_string())
        return preset(value.get<std::string>());
    if (!value.is_object() || !value.contains("name") || !value["name"].is_string())
        return bad("name");
    FOVEATE_TRY(Preset result, preset(value["name"].get<std::string>()));
    for (const auto& [key, entry] : value.items())
        if (key != "name")
            FOVEATE_CHECK(set(result, key, entry));
    return result;
}

} // namespace foveate::learn::augment
