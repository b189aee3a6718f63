// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Anchors.h"

#include "base/AtomicFile.h"
#include "base/Sha256.h"
#include "store/Uuid.h"

#include <cerrno>
#include <fcntl.h>
#include <sstream>
#include <unistd.h>

namespace foveate::store {

Heads readHeads(const std::string& path)
{
    Heads heads;
    std::istringstream lines(readFile(path, std::size_t(1) << 20).value_or(std::string()));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.find(' ');
        if (space == std::string::npos || !isUuid(line.substr(0, space)) || !digestFromHex(line.substr(space + 1)))
            continue;
        heads[line.substr(0, space)] = line.substr(space + 1);
    }
    return heads;
}

Status writeHeads(const std::string& path, const Heads& heads)
{
    std::string text;
    for (const auto& [writer, hash] : heads)
        text += writer + " " + hash + "\n";
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return tl::unexpected(errnoError(errno, path));
    const bool written =
        ::pwrite(fd, text.data(), text.size(), 0) == ssize_t(text.size()) && ::ftruncate(fd, off_t(text.size())) == 0;
    const int error = errno;
    ::close(fd);
    if (!written)
        return tl::unexpected(errnoError(error, path));
    return {};
}

Status checkHeads(Connection& connection, const Heads& heads)
{
    FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM event WHERE hash = ?1 AND writer = ?2"));
    for (const auto& [writer, hash] : heads) {
        FOVEATE_TRY(const bool there, select.bind(1, hash).bind(2, writer).step());
        select.reset();
        if (!there)
            return fail(Code::corrupt, {"event", "writer " + writer, "shorter than it was"});
    }
    return {};
}

Result<bool> hasEventStarting(Connection& connection, const std::string& hashPrefix)
{
    // Hexadecimal digits sort before "g".
    FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM event WHERE hash >= ?1 AND hash < ?2 LIMIT 1"));
    return select.bind(1, hashPrefix).bind(2, hashPrefix + "g").step();
}

} // namespace foveate::store
