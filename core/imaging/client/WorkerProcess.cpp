// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/client/WorkerProcess.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace foveate::imaging {
namespace {

using namespace std::chrono;

/// posix_spawn's two option objects, destroyed together.
struct SpawnOptions {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    SpawnOptions()
    {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    ~SpawnOptions()
    {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnOptions(const SpawnOptions&) = delete;
    SpawnOptions& operator=(const SpawnOptions&) = delete;

    /// Nothing but the socket: the worker must not inherit a database, a lock or a terminal.
    void keepOnly(int socket)
    {
        for (int fd = 0; fd < 3; ++fd)
            posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
        posix_spawn_file_actions_adddup2(&actions, socket, protocol::kSocket);
        posix_spawn_file_actions_addclosefrom_np(&actions, protocol::kSocket + 1);
    }

    /// Default signals, and a process group of its own: Ctrl-C at the command line is the parent's business.
    void isolateSignals()
    {
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
};

Result<pid_t> spawn(const std::string& program, int socket)
{
    SpawnOptions options;
    options.keepOnly(socket);
    options.isolateSignals();
    // Fresh heap memory reads as zero (perturb 255, no thread cache), so no decoder can show a former image's bytes.
    const char* const environment[] = {"LC_ALL=C",
                                       "GLIBC_TUNABLES=glibc.malloc.perturb=255:glibc.malloc.tcache_count=0", nullptr};
    const char* const arguments[] = {program.c_str(), nullptr};
    pid_t id = -1;
    const int error = posix_spawn(&id, program.c_str(), &options.actions, &options.attributes,
                                  const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
    if (error == ENOENT || error == EACCES || error == ENOEXEC)
        return fail(Code::notFound, {"program", program});
    if (error != 0)
        return tl::unexpected<Error>(errnoError(error, program));
    return id;
}

bool waitReadable(int socket, milliseconds limit)
{
    const auto end = steady_clock::now() + limit;
    for (;;) {
        const auto left = duration_cast<milliseconds>(end - steady_clock::now()).count();
        pollfd one{socket, POLLIN, 0};
        const int ready = poll(&one, 1, int(std::max<milliseconds::rep>(left, 0)));
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

/// A message of exactly this struct's size; anything else is false.
template <typename Message> bool receiveExactly(int socket, Message& message)
{
    ssize_t got;
    do
        got = recv(socket, &message, sizeof message, MSG_TRUNC);
    while (got < 0 && errno == EINTR);
    return got == ssize_t(sizeof message);
}

} // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept
{
    if (this != &other) {
        if (m_fd >= 0)
            close(m_fd);
        m_fd = other.release();
    }
    return *this;
}

Descriptor::~Descriptor()
{
    if (m_fd >= 0)
        close(m_fd);
}

int Descriptor::release()
{
    return std::exchange(m_fd, -1);
}

Result<WorkerProcess> WorkerProcess::start(const std::string& program)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return tl::unexpected<Error>(errnoError(errno, "socketpair"));
    Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    // dup2 onto the same number would leave close-on-exec set.
    if (theirs.get() == protocol::kSocket)
        theirs = Descriptor(fcntl(theirs.get(), F_DUPFD_CLOEXEC, protocol::kSocket + 1));
    FOVEATE_TRY(const pid_t id, spawn(program, theirs.get()));
    WorkerProcess worker(id, std::move(ours));
    theirs = Descriptor();
    FOVEATE_CHECK(worker.readHello());
    return worker;
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : m_id(std::exchange(other.m_id, -1)), m_socket(std::move(other.m_socket)), m_hello(other.m_hello)
{}

WorkerProcess::~WorkerProcess()
{
    if (m_id > 0)
        endOfProcess();
}

Status WorkerProcess::readHello()
{
    protocol::Hello hello;
    if (!waitReadable(m_socket.get(), seconds(20)) || !receiveExactly(m_socket.get(), hello))
        return fail(Code::sandbox, {"no answer: " + endOfProcess()});
    if (hello.magic != protocol::kMagic || hello.version != protocol::kVersion)
        return fail(Code::sandbox, {"another version"});
    m_hello = hello;
    return {};
}

bool WorkerProcess::send(const protocol::Request& request, int file, int memory)
{
    iovec part{const_cast<protocol::Request*>(&request), sizeof request};
    const int descriptors[2] = {file, memory};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof descriptors);
    std::memcpy(CMSG_DATA(head), descriptors, sizeof descriptors);
    ssize_t sent;
    do
        sent = sendmsg(m_socket.get(), &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == ssize_t(sizeof request);
}

tl::expected<protocol::Reply, std::string> WorkerProcess::receive(milliseconds limit)
{
    protocol::Reply reply;
    if (!waitReadable(m_socket.get(), limit)) {
        endOfProcess();
        return tl::unexpected<std::string>("time");
    }
    if (!receiveExactly(m_socket.get(), reply))
        return tl::unexpected<std::string>(endOfProcess());
    return reply;
}

void WorkerProcess::allowCpu(int seconds)
{
    clockid_t clock;
    timespec used{};
    if (clock_getcpuclockid(m_id, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return;
    // The soft limit moves with each file; the hard one, set once by the worker itself, never rises.
    rlimit limit{};
    if (prlimit(m_id, RLIMIT_CPU, nullptr, &limit) != 0)
        return;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, rlim_t(used.tv_sec) + rlim_t(seconds) + 1);
    prlimit(m_id, RLIMIT_CPU, &limit, nullptr);
}

std::string WorkerProcess::endOfProcess()
{
    // A worker that is just dying gets the time to show how; one that lives does not.
    int status = 0;
    pid_t reaped = 0;
    m_socket = Descriptor();
    for (int tries = 0; tries < 20 && reaped == 0; ++tries) {
        reaped = waitpid(m_id, &status, WNOHANG);
        if (reaped == 0)
            poll(nullptr, 0, 1);
    }
    if (reaped == 0) {
        kill(m_id, SIGKILL);
        do
            reaped = waitpid(m_id, &status, 0);
        while (reaped < 0 && errno == EINTR);
    }
    m_id = -1;
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGXCPU ? "time" : "signal " + std::to_string(WTERMSIG(status));
    return "exit " + std::to_string(WEXITSTATUS(status));
}

} // namespace foveate::imaging
