// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/ServeCommand.h"

#include "app/engine/Serve.h"
#include "app/engine/StopSignal.h"
#include "base/Text.h"
#include "learn/Device.h"

#include <cerrno>
#include <optional>
#include <poll.h>
#include <unistd.h>

namespace foveate::engine {
namespace {

using nlohmann::json;

constexpr std::size_t kLineLimit = std::size_t(1) << 20;

/// Lines of a descriptor; an overlong line comes as an empty one.
class Lines {
public:
    explicit Lines(int fd) : m_fd(fd) {}

    /// Nothing at the end of the input or when a stop was asked for.
    std::optional<std::string> next()
    {
        for (;;) {
            if (const std::size_t end = m_buffer.find('\n'); end != std::string::npos)
                return take(end);
            if (m_buffer.size() > kLineLimit) {
                m_buffer.clear();
                m_skipping = true;
            }
            if (!fill())
                return std::nullopt;
        }
    }

private:
    std::string take(std::size_t end)
    {
        std::string line = m_skipping ? std::string() : m_buffer.substr(0, end);
        m_buffer.erase(0, end + 1);
        m_skipping = false;
        return line;
    }

    bool fill()
    {
        pollfd waiting{m_fd, POLLIN, 0};
        while (!stopAsked) {
            // A timeout, because a signal may arrive just before the wait begins.
            if (poll(&waiting, 1, 200) <= 0)
                continue;
            char part[65536];
            const ssize_t n = read(m_fd, part, sizeof part);
            if (n < 0 && errno == EINTR)
                continue;
            if (n > 0)
                m_buffer.append(part, std::size_t(n));
            return n > 0;
        }
        return false;
    }

    int m_fd;
    std::string m_buffer;
    bool m_skipping = false;
};

json errorEvent(const Error& error)
{
    json args = json::array();
    for (const std::string& arg : error.args)
        args.push_back(printable(arg));
    return {{"event", "error"}, {"code", name(error.code)}, {"args", args}};
}

json eventFor(Serve& serve, const json& command)
{
    Result<json> answer = serve.answer(command);
    json event = answer ? std::move(*answer) : errorEvent(answer.error());
    if (answer)
        event["event"] = "answer";
    if (command.contains("id"))
        event["id"] = command["id"];
    return event;
}

} // namespace

int serveCommand(int in, int out)
{
    catchStopSignals();
    Events events(out);
    events.hello(learn::torchVersion());
    const Heartbeat heartbeat(events);
    Serve serve;
    Lines lines(in);
    while (const std::optional<std::string> line = lines.next()) {
        const json command = json::parse(*line, nullptr, false);
        if (!command.is_object()) {
            events.send(errorEvent({Code::badInput, {"command"}}));
            continue;
        }
        if (command.value("command", json()) == "quit")
            return 0;
        events.send(eventFor(serve, command));
    }
    return stopAsked ? 130 : 0;
}

} // namespace foveate::engine
