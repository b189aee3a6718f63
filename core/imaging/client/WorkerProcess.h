// SPDX-License-Identifier: GPL-3.0-or-later
// One foveate-decode process and the socket to it. Used by one thread at a time; DecoderPool sees to that.
#pragma once

#include "base/Result.h"
#include "imaging/client/Protocol.h"

#include <chrono>
#include <string>
#include <sys/types.h>

namespace foveate::imaging {

/// A file descriptor that closes itself; -1 is none.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : m_fd(fd) {}
    Descriptor(Descriptor&& other) noexcept : m_fd(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int get() const { return m_fd; }
    int release();
    explicit operator bool() const { return m_fd >= 0; }

private:
    int m_fd;
};

class WorkerProcess {
public:
    /// Starts `program` and waits for its Hello. notFound (cannot be executed), sandbox (does not answer as expected),
    /// io.
    static Result<WorkerProcess> start(const std::string& program);
    WorkerProcess(WorkerProcess&& other) noexcept;
    WorkerProcess& operator=(WorkerProcess&&) = delete;
    /// Kills and reaps the process.
    ~WorkerProcess();

    /// false: the process is gone and the request was not taken.
    bool send(const protocol::Request& request, int file, int memory);
    /// The reply, or how the process ended: "signal 11", "time" (cpu or wall limit), "exit 1".
    tl::expected<protocol::Reply, std::string> receive(std::chrono::milliseconds limit);
    /// From now on the process may use so many more seconds of processor time; the kernel kills it beyond.
    void allowCpu(int seconds);

    const protocol::Hello& hello() const { return m_hello; }
    pid_t id() const { return m_id; }

private:
    WorkerProcess(pid_t id, Descriptor socket) : m_id(id), m_socket(std::move(socket)) {}
    Status readHello();
    std::string endOfProcess();

    pid_t m_id = -1;
    Descriptor m_socket;
    protocol::Hello m_hello;
};

} // namespace foveate::imaging
