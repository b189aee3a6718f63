// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Lock.h"

#include "base/Text.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <pwd.h>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace foveate::store {
namespace {

std::string oneLine(std::string text)
{
    for (char& c : text)
        if (c == '\n' || c == '\r')
            c = ' ';
    return text;
}

Status writeOwner(int fd, const std::string& path, const Owner& owner)
{
    const std::string text = oneLine(owner.user) + "\n" + oneLine(owner.host) + "\n" + oneLine(owner.since) + "\n";
    if (::pwrite(fd, text.data(), text.size(), 0) != ssize_t(text.size()) || ::ftruncate(fd, off_t(text.size())) != 0)
        return tl::unexpected(errnoError(errno, path));
    return {};
}

Owner ownerIn(int fd)
{
    std::array<char, 4096> buffer;
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), 0);
    std::istringstream lines(std::string(buffer.data(), n > 0 ? std::size_t(n) : 0));
    Owner owner;
    std::getline(lines, owner.user);
    std::getline(lines, owner.host);
    std::getline(lines, owner.since);
    return owner;
}

/// 0 when the lock is ours, else errno.
int tryLock(int fd)
{
    struct flock request {};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    if (::fcntl(fd, F_OFD_SETLK, &request) == 0)
        return 0;
    // File systems without record locks may still know whole-file ones.
    if (errno == EINVAL || errno == ENOLCK || errno == EOPNOTSUPP)
        return ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    return errno;
}

} // namespace

Owner thisOwner()
{
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    const passwd* entry = ::getpwuid(::getuid());
    return {entry ? entry->pw_name : std::to_string(::getuid()), host.data(), isoTimeUtc()};
}

Owner readOwner(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return {};
    Owner owner = ownerIn(fd);
    ::close(fd);
    return owner;
}

Result<Lock> Lock::acquire(const std::string& path, const Owner& owner)
{
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return tl::unexpected(errnoError(errno, path));
    Lock lock(fd);
    const int refused = tryLock(fd);
    if (refused == EAGAIN || refused == EACCES) {
        const Owner other = ownerIn(fd);
        return fail(Code::locked, {other.user, other.host, other.since});
    }
    if (refused != 0)
        return tl::unexpected(errnoError(refused, path));
    FOVEATE_CHECK(writeOwner(fd, path, owner));
    return lock;
}

Lock::Lock(Lock&& other) noexcept : m_fd(std::exchange(other.m_fd, -1))
{}

Lock& Lock::operator=(Lock&& other) noexcept
{
    std::swap(m_fd, other.m_fd);
    return *this;
}

Lock::~Lock()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

} // namespace foveate::store
