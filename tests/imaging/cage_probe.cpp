// SPDX-License-Identifier: GPL-3.0-or-later
// cage_probe open|closed ACTION: closes the cage (or not), tries the action, ends with 0 when it worked and with errno
// when not.
#include "imaging/Cage.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int result(long value)
{
    return value < 0 ? errno : 0;
}

int tryFork()
{
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, nullptr, 0);
    return result(child);
}

int tryExec()
{
    char* const arguments[] = {const_cast<char*>("/bin/true"), nullptr};
    execv(arguments[0], arguments); // on success /bin/true ends with 0
    return errno;
}

int tryExecutableMemory()
{
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? errno : 0;
}

int tryMuchMemory()
{
    void* much = std::malloc(std::size_t(3) << 30);
    const int outcome = much ? 0 : ENOMEM;
    std::free(much);
    return outcome;
}

/// 0 when fresh memory still holds what a former owner wrote into it.
int tryStaleMemory()
{
    for (const std::size_t size : {24u, 900u, 5000u, 90000u}) {
        auto* secret = static_cast<volatile unsigned char*>(std::malloc(size));
        for (std::size_t i = 0; i < size; ++i)
            secret[i] = 0xEE;
        std::free(const_cast<unsigned char*>(secret));
        auto* fresh = static_cast<volatile unsigned char*>(std::malloc(size));
        if (fresh[size / 2] == 0xEE)
            return 0;
    }
    return ENODATA;
}

int tryAction(const std::string& action)
{
    if (action == "read")
        return result(open("/etc/passwd", O_RDONLY));
    if (action == "write")
        return result(open("/tmp", O_WRONLY | O_TMPFILE, 0600));
    if (action == "socket")
        return result(socket(AF_INET, SOCK_STREAM, 0));
    if (action == "fork")
        return tryFork();
    if (action == "exec")
        return tryExec();
    if (action == "kill-parent")
        return result(kill(getppid(), 0));
    if (action == "executable-memory")
        return tryExecutableMemory();
    if (action == "memory")
        return tryMuchMemory();
    if (action == "stale-memory")
        return tryStaleMemory();
    if (action == "allocate") // what a decoder must still be able to do
        return std::calloc(64 << 20, 1) ? 0 : ENOMEM;
    return 99;
}

} // namespace

int main(int count, char** arguments)
{
    if (count != 3)
        return 98;
    if (std::strcmp(arguments[1], "closed") == 0) {
        foveate::imaging::setLimits(foveate::imaging::CageLimits());
        if (!foveate::imaging::closeCage().closed)
            return 97;
    }
    _exit(tryAction(arguments[2]));
}
