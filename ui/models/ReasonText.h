// SPDX-License-Identifier: GPL-3.0-or-later
// Why a strategy asks for an image, in words: "2nd most uncertain: p = .51 / .49".
#pragma once

#include <QString>
#include <string>
#include <vector>

namespace foveate::ui {

/// `reason` as query::toText() writes it; `rank` from 1; `classes` by index. The text itself where it is not one.
QString reasonText(const std::string& reason, int rank, const std::vector<std::string>& classes);

/// "2nd"; a language without such endings has its own pattern.
QString ordinal(int number);

} // namespace foveate::ui
