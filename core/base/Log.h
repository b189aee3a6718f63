// SPDX-License-Identifier: GPL-3.0-or-later
// The program's log: standard error, and a file when asked. Never names, paths or pixels of patients:
// images appear by the first 8 hex digits of their hash.
#pragma once

#include <string>
#include <string_view>

namespace foveate::log {

enum class Level { quiet, warning, info, debug };

/// Called once by a main. `file` empty: standard error only. Thread safe afterwards.
void start(Level level, const std::string& file = {});
void debug(std::string_view message);
void info(std::string_view message);
void warning(std::string_view message);

} // namespace foveate::log
