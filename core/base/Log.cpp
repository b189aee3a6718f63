// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Log.h"

#include <memory>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace foveate::log {
namespace {

std::shared_ptr<spdlog::logger>& logger()
{
    static std::shared_ptr<spdlog::logger> s_logger =
        std::make_shared<spdlog::logger>("foveate", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    return s_logger;
}

spdlog::level::level_enum toSpdlog(Level level)
{
    switch (level) {
    case Level::quiet: return spdlog::level::err;
    case Level::warning: return spdlog::level::warn;
    case Level::info: return spdlog::level::info;
    case Level::debug: return spdlog::level::debug;
    }
    return spdlog::level::info;
}

} // namespace

void start(Level level, const std::string& file)
{
    try {
        if (!file.empty())
            logger()->sinks().push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file));
    } catch (const spdlog::spdlog_ex&) {
        warning("the log file cannot be written; logging to standard error only");
    }
    logger()->set_pattern("%H:%M:%S %l  %v");
    logger()->set_level(toSpdlog(level));
    logger()->flush_on(spdlog::level::info);
}

void debug(std::string_view message)
{
    logger()->debug("{}", message);
}

void info(std::string_view message)
{
    logger()->info("{}", message);
}

void warning(std::string_view message)
{
    logger()->warn("{}", message);
}

} // namespace foveate::log
