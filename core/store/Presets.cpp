// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Presets.h"

#include "store/PresetText.h"

#include <sstream>
#include <toml++/toml.h>

namespace foveate::store {

std::vector<std::string> presetNames()
{
    std::vector<std::string> names;
    for (const PresetText& preset : presetTexts())
        names.emplace_back(preset.name);
    return names;
}

Result<std::string> presetJson(const std::string& name)
{
    for (const PresetText& preset : presetTexts()) {
        if (name != preset.name)
            continue;
        try {
            const toml::table table = toml::parse(preset.text);
            std::ostringstream json;
            json << toml::json_formatter(table);
            return json.str();
        } catch (const toml::parse_error& error) {
            return fail(Code::badInput, {name + ".toml", std::string(error.description())});
        }
    }
    return fail(Code::notFound, {"preset", name});
}

} // namespace foveate::store
