// SPDX-License-Identifier: GPL-3.0-or-later
// LD_PRELOAD library: what would be on the disk if the power failed now, and a disk that fails once.
//
// POWERLOSS_FROM=folder POWERLOSS_TO=folder: at every fsync or fdatasync of a file directly in FROM, the file as it is
// then is put into TO; what was never synced never gets there. POWERLOSS_FAIL_AT=n: the n-th sync of such a file
// gives EIO (after doing its work, as a disk may).
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace {

std::string pathOf(int fd)
{
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    char path[4096];
    const ssize_t n = ::readlink(link.c_str(), path, sizeof path);
    return n > 0 ? std::string(path, std::size_t(n)) : std::string();
}

/// The file's name when it lies directly in POWERLOSS_FROM.
std::string watched(int fd)
{
    const char* from = std::getenv("POWERLOSS_FROM");
    const std::string path = pathOf(fd);
    const std::size_t slash = path.rfind('/');
    struct stat info {};
    if (!from || slash == std::string::npos || path.substr(0, slash) != from || ::fstat(fd, &info) != 0 ||
        !S_ISREG(info.st_mode))
        return {};
    return path.substr(slash + 1);
}

void keep(int fd, const std::string& leaf)
{
    const char* to = std::getenv("POWERLOSS_TO");
    if (!to)
        return;
    const std::string temporary = std::string(to) + "/." + leaf;
    const int out = ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    char buffer[65536];
    static const char kZeros[sizeof buffer] = {};
    off_t offset = 0;
    for (ssize_t n; (n = ::pread(fd, buffer, sizeof buffer, offset)) > 0; offset += n) {
        const bool empty =
            std::memcmp(buffer, kZeros, std::size_t(n)) == 0; // most of a log that has its space beforehand
        if (!empty && ::pwrite(out, buffer, std::size_t(n), offset) != n)
            break;
    }
    if (::ftruncate(out, offset) != 0)
        std::abort();
    ::close(out);
    ::rename(temporary.c_str(), (std::string(to) + "/" + leaf).c_str());
}

bool failsNow()
{
    static std::atomic<int> s_syncs{0};
    const char* at = std::getenv("POWERLOSS_FAIL_AT");
    return at && ++s_syncs == std::atoi(at);
}

int synced(int fd, const char* function)
{
    using Sync = int (*)(int);
    const auto real = reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, function));
    const int result = real(fd);
    const std::string leaf = watched(fd);
    if (result != 0 || leaf.empty())
        return result;
    keep(fd, leaf);
    if (failsNow()) {
        errno = EIO;
        return -1;
    }
    return 0;
}

} // namespace

extern "C" int fsync(int fd)
{
    return synced(fd, "fsync");
}

extern "C" int fdatasync(int fd)
{
    return synced(fd, "fdatasync");
}
