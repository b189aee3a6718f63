// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/decode/Weights.h"

#include "imaging/Cage.h"
#include "learn/files/StateDict.h"

#include <cerrno>
#include <new>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace foveate::decode {
namespace {

constexpr std::uint64_t kFileLimit = std::uint64_t(4) << 30;

bool writeAll(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), std::min<std::size_t>(bytes.size(), 1 << 30));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.remove_prefix(std::size_t(written));
    }
    return true;
}

/// Asked before the cage closes, which lets nothing be asked of files.
Result<std::size_t> inputSize()
{
    struct stat about {};
    if (fstat(STDIN_FILENO, &about) != 0 || !S_ISREG(about.st_mode))
        return fail(Code::io, {"", "no file"});
    if (std::uint64_t(about.st_size) > kFileLimit)
        return fail(Code::tooLarge, {"", "4 GB"});
    return std::size_t(about.st_size);
}

Result<std::string> readInput(std::size_t size)
{
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t part = ::read(STDIN_FILENO, bytes.data() + have, bytes.size() - have);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return fail(Code::io, {"", "cut while it was read"});
        have += std::size_t(part);
    }
    return bytes;
}

Status convert()
{
    FOVEATE_TRY(const std::size_t size, inputSize());
    imaging::setLimits({.memoryBytes = 3 * kFileLimit, .fileBytes = 2 * kFileLimit, .cpuSeconds = 600});
    if (const imaging::CageState cage = imaging::closeCage(); !cage.closed)
        return fail(Code::sandbox, {cage.reason});
    FOVEATE_TRY(const std::string file, readInput(size));
    return learn::files::stateDictToSafetensors(file, "",
                                                [](std::string_view bytes) { return writeAll(STDOUT_FILENO, bytes); });
}

} // namespace

int convertWeights()
{
    Status converted = fail(Code::outOfMemory, {"cpu"});
    try {
        converted = convert();
    } catch (const std::bad_alloc&) {
    }
    if (converted)
        return 0;
    const nlohmann::json line{{"code", name(converted.error().code)}, {"args", converted.error().args}};
    writeAll(STDERR_FILENO, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return 3;
}

} // namespace foveate::decode
