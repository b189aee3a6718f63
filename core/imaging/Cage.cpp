// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Cage.h"

#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <type_traits>
#include <unistd.h>

namespace foveate::imaging {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true; // they reserve terabytes of address space, and probe memory through pipes
#else
constexpr bool kSanitized = false;
#endif

/// What a single-threaded decoder needs once everything is loaded.
constexpr int kAllowed[] = {
    SCMP_SYS(read),         SCMP_SYS(pread64),       SCMP_SYS(write),
    SCMP_SYS(lseek),        SCMP_SYS(close),         SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),    SCMP_SYS(recvmsg),       SCMP_SYS(sendto),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),        SCMP_SYS(brk),
    SCMP_SYS(madvise),      SCMP_SYS(futex),         SCMP_SYS(exit),
    SCMP_SYS(exit_group),   SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction), SCMP_SYS(sigaltstack),   SCMP_SYS(getpid),
    SCMP_SYS(gettid),       SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(sched_yield),  SCMP_SYS(getrandom),     SCMP_SYS(restart_syscall),
};

void setLimit(__rlimit_resource resource, std::uint64_t soft, std::uint64_t hard)
{
    const rlimit limit{soft, hard};
    setrlimit(resource, &limit);
}

/// Memory calls are allowed unless they ask for executable memory; tgkill only for this process (abort).
int addConditional(scmp_filter_ctx filter)
{
    const scmp_arg_cmp notExecutable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const scmp_arg_cmp self = SCMP_A0(SCMP_CMP_EQ, scmp_datum_t(getpid()));
    int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, notExecutable);
    error = error ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, notExecutable);
    return error ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, self);
}

int loadFilter(scmp_filter_ctx filter)
{
    for (const int call : kAllowed)
        if (const int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0))
            return error;
    int error = addConditional(filter);
    if (kSanitized && !error)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(pipe2), 0);
    return error ? error : seccomp_load(filter);
}

} // namespace

void setLimits(const CageLimits& limits)
{
    setLimit(RLIMIT_CORE, 0, 0);
    setLimit(RLIMIT_NPROC, 0, 0);
    setLimit(RLIMIT_NOFILE, limits.descriptors, limits.descriptors);
    setLimit(RLIMIT_FSIZE, limits.fileBytes, limits.fileBytes);
    setLimit(RLIMIT_CPU, limits.cpuSeconds, limits.cpuSeconds);
    setLimit(RLIMIT_STACK, std::uint64_t(8) << 20, std::uint64_t(8) << 20);
    if (!kSanitized)
        setLimit(RLIMIT_AS, limits.memoryBytes, limits.memoryBytes);
}

CageState closeCage()
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return {false, std::string("no_new_privs: ") + std::strerror(errno)};
    const std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, void (*)(scmp_filter_ctx)> filter(
        seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release);
    if (!filter)
        return {false, "seccomp_init"};
    if (const int error = loadFilter(filter.get()))
        return {false, std::string("seccomp: ") + std::strerror(-error)};
    return {true, {}};
}

} // namespace foveate::imaging
