// SPDX-License-Identifier: GPL-3.0-or-later
// The files of resources/presets as string literals; PresetText.cpp is made by CMake.
#pragma once

#include <span>
#include <string_view>

namespace foveate::store {

struct PresetText {
    std::string_view name;
    std::string_view text;
};

std::span<const PresetText> presetTexts();

} // namespace foveate::store
