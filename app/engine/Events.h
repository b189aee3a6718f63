// SPDX-License-Identifier: GPL-3.0-or-later
// Events: what the engine says, one JSON object a line on standard output (resources/manual/engine-protocol.md).
//
// Lines are whole: one write each, from any thread. Nobody listening is no error: a run goes on to its end.
#pragma once

#include "base/Job.h"
#include "base/Result.h"

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

namespace foveate::engine {

class Events {
public:
    explicit Events(int fd) : m_fd(fd) {}
    void send(const nlohmann::json& event);
    void hello(const std::string& torchVersion);
    void progress(const Progress& progress);
    void checkpoint(std::int64_t step);
    void done(const std::string& runFolder);
    void failed(const Error& error);

private:
    const int m_fd;
    std::mutex m_mutex;
};

/// Says {"event":"heartbeat"} each second for as long as it lives.
class Heartbeat {
public:
    explicit Heartbeat(Events& events);
    ~Heartbeat();

private:
    void beat(Events& events);
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};

} // namespace foveate::engine
