// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Text.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace foveate {
namespace {

char lowerAscii(char c)
{
    return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

/// Length of the well-formed UTF-8 sequence at the front and its code point; 0 when there is none.
std::size_t sequence(std::string_view s, std::uint32_t& codePoint)
{
    const auto byte = [&](std::size_t i) { return i < s.size() ? std::uint8_t(s[i]) : 0u; };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const std::uint32_t a = byte(0);
    if (a < 0x80) {
        codePoint = a;
        return 1;
    }
    if (a >= 0xc2 && a <= 0xdf && tail(1)) {
        codePoint = (a & 0x1f) << 6 | (byte(1) & 0x3f);
        return 2;
    }
    if (a >= 0xe0 && a <= 0xef && tail(1) && tail(2)) {
        codePoint = (a & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
        return codePoint >= 0x800 && (codePoint < 0xd800 || codePoint > 0xdfff) ? 3 : 0;
    }
    if (a >= 0xf0 && a <= 0xf4 && tail(1) && tail(2) && tail(3)) {
        codePoint = (a & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
        return codePoint >= 0x10000 && codePoint <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

bool isControl(std::uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

} // namespace

std::string printable(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        std::uint32_t codePoint = 0;
        const std::size_t length = sequence(bytes, codePoint);
        const std::size_t take = length == 0 ? 1 : length;
        if (length != 0 && !isControl(codePoint)) {
            out += bytes.substr(0, take);
        } else {
            for (std::size_t i = 0; i < take; ++i) {
                char escaped[5];
                std::snprintf(escaped, sizeof escaped, "\\x%02x", unsigned(std::uint8_t(bytes[i])));
                out += escaped;
            }
        }
        bytes.remove_prefix(take);
    }
    return out;
}

bool isUtf8(std::string_view bytes)
{
    while (!bytes.empty()) {
        std::uint32_t codePoint = 0;
        const std::size_t length = sequence(bytes, codePoint);
        if (length == 0)
            return false;
        bytes.remove_prefix(length);
    }
    return true;
}

bool sameButForCase(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lowerAscii(x) == lowerAscii(y); });
}

std::string isoTimeUtc()
{
    const auto now = std::chrono::system_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const std::time_t seconds = ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[40];
    const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text + n, sizeof text - n, ".%03dZ", int(ms % 1000));
    return text;
}

} // namespace foveate
