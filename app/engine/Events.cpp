// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/Events.h"

#include "base/Text.h"

#include <cerrno>
#include <chrono>
#include <cmath>
#include <unistd.h>

namespace foveate::engine {
namespace {

using nlohmann::json;

constexpr int kProtocolVersion = 1;

/// Numbers that JSON cannot hold become null.
json number(double value)
{
    return std::isfinite(value) ? json(value) : json();
}

} // namespace

void Events::send(const json& event)
{
    const std::string line = event.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    const std::lock_guard lock(m_mutex);
    std::size_t written = 0;
    while (written < line.size()) {
        const ssize_t n = write(m_fd, line.data() + written, line.size() - written);
        if (n < 0 && errno != EINTR)
            return;
        written += n > 0 ? std::size_t(n) : 0;
    }
}

void Events::hello(const std::string& torchVersion)
{
    send({{"event", "hello"},
          {"version", kProtocolVersion},
          {"program", "foveate-engine"},
          {"engine", FOVEATE_VERSION},
          {"torch", torchVersion}});
}

void Events::progress(const Progress& progress)
{
    json metrics = json::object();
    for (const auto& [name, value] : progress.metrics)
        metrics[name] = number(value);
    send({{"event", "progress"},
          {"job", progress.job},
          {"stage", progress.stage},
          {"step", progress.step},
          {"of", progress.of},
          {"seconds", number(progress.seconds)},
          {"remaining", number(progress.remaining)},
          {"metrics", metrics}});
}

void Events::checkpoint(std::int64_t step)
{
    send({{"event", "checkpoint"}, {"step", step}});
}

void Events::done(const std::string& runFolder)
{
    send({{"event", "done"}, {"run", printable(runFolder)}});
}

void Events::failed(const Error& error)
{
    json args = json::array();
    for (const std::string& arg : error.args)
        args.push_back(printable(arg));
    send({{"event", "failed"}, {"code", name(error.code)}, {"args", args}});
}

Heartbeat::Heartbeat(Events& events) : m_thread([this, &events] { beat(events); })
{}

Heartbeat::~Heartbeat()
{
    m_stop = true;
    m_thread.join();
}

void Heartbeat::beat(Events& events)
{
    constexpr auto kSlice = std::chrono::milliseconds(50); // short, so that the end of a run does not wait a second
    int slices = 0;
    while (!m_stop) {
        if (slices++ % 20 == 0)
            events.send({{"event", "heartbeat"}});
        std::this_thread::sleep_for(kSlice);
    }
}

} // namespace foveate::engine
