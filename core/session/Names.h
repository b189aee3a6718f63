// SPDX-License-Identifier: GPL-3.0-or-later
// Comparing names as people write them in folders and column heads. Bytes; only ASCII letters have a case.
#pragma once

#include <algorithm>
#include <string_view>

namespace foveate::session {

inline char lowerAscii(char c)
{
    return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

inline bool sameButForCase(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lowerAscii(x) == lowerAscii(y); });
}

} // namespace foveate::session
