// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Uuid.h"

#include "base/AtomicFile.h"
#include "base/Sha256.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <pwd.h>
#include <random>
#include <span>
#include <unistd.h>

namespace foveate::store {
namespace {

std::string configFolder()
{
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && config[0] == '/')
        return std::string(config) + "/foveate";
    if (const char* home = std::getenv("HOME"); home && home[0] == '/')
        return std::string(home) + "/.config/foveate";
    const passwd* entry = ::getpwuid(::getuid());
    return std::string(entry ? entry->pw_dir : "/nonexistent") + "/.config/foveate";
}

std::string trimmed(std::string text)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    return text;
}

} // namespace

std::string newUuid()
{
    std::array<std::uint8_t, 16> bytes;
    std::random_device device; // getrandom: identities must differ between runs, unlike everything a seed governs
    for (std::uint8_t& byte : bytes)
        byte = std::uint8_t(device());
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::uint64_t(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    for (int i = 0; i < 6; ++i)
        bytes[std::size_t(i)] = std::uint8_t(ms >> (40 - 8 * i));
    bytes[6] = std::uint8_t((bytes[6] & 0x0f) | 0x70);
    bytes[8] = std::uint8_t((bytes[8] & 0x3f) | 0x80);
    std::string text = hex(std::span(bytes));
    for (const std::size_t dash : {20, 16, 12, 8})
        text.insert(dash, 1, '-');
    return text;
}

bool isUuid(const std::string& text)
{
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !digit)
            return false;
    }
    return true;
}

std::string installationId()
{
    const std::string folder = configFolder();
    const std::string path = folder + "/installation";
    if (const auto stored = readFile(path, 1024); stored && isUuid(trimmed(*stored)))
        return trimmed(*stored);
    const std::string made = newUuid();
    if (!makeFolder(folder) || !writeFileAtomically(path, made + "\n"))
        return made;
    // Two programs may have started at once: the one whose file stayed names both.
    const auto stored = readFile(path, 1024);
    return stored && isUuid(trimmed(*stored)) ? trimmed(*stored) : made;
}

} // namespace foveate::store
