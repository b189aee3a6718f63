// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/LocalRanks.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace foveate::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace(5); ///< for a process to end by itself
constexpr std::chrono::milliseconds kGlance(10);

/// What torchrun would set.
std::vector<std::string> environmentOf(const learn::Ranks& first, int rank)
{
    std::vector<std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry)
        variables.emplace_back(*entry);
    const std::string count = std::to_string(first.count);
    variables.push_back("RANK=" + std::to_string(rank));
    variables.push_back("WORLD_SIZE=" + count);
    variables.push_back("LOCAL_WORLD_SIZE=" + count);
    variables.push_back("FOVEATE_RANKS_FILE=" + first.file);
    return variables;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

bool hasEnded(pid_t process)
{
    return waitpid(process, nullptr, WNOHANG) != 0;
}

} // namespace

Result<std::unique_ptr<LocalRanks>> LocalRanks::start(const std::string& runFolder, int count)
{
    std::error_code error;
    std::string folder = (std::filesystem::temp_directory_path(error) / "foveate-ranks-XXXXXX").string();
    if (error || mkdtemp(folder.data()) == nullptr)
        return tl::unexpected<Error>(errnoError(error ? error.value() : errno, folder));
    std::unique_ptr<LocalRanks> ranks(new LocalRanks(folder, count));
    for (int rank = 1; rank < count; ++rank)
        FOVEATE_CHECK(ranks->spawn(runFolder, rank));
    return ranks;
}

LocalRanks::LocalRanks(std::string folder, int count) : m_folder(std::move(folder))
{
    m_first.count = count;
    m_first.local = count;
    m_first.file = m_folder + "/meeting";
}

Status LocalRanks::spawn(const std::string& runFolder, int rank)
{
    std::vector<std::string> words{"foveate-engine", "run", runFolder};
    std::vector<std::string> variables = environmentOf(m_first, rank);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t process = 0;
    const int error = posix_spawn(&process, "/proc/self/exe", &actions, nullptr, pointersTo(words).data(),
                                  pointersTo(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return tl::unexpected<Error>(errnoError(error, "foveate-engine"));
    m_others.push_back(process);
    return {};
}

bool LocalRanks::allLive() const
{
    return std::none_of(m_others.begin(), m_others.end(), hasEnded);
}

LocalRanks::~LocalRanks()
{
    const Clock::time_point last = Clock::now() + kGrace;
    for (const pid_t process : m_others) {
        bool ended = hasEnded(process);
        for (; !ended && Clock::now() < last; ended = hasEnded(process))
            std::this_thread::sleep_for(kGlance);
        if (ended)
            continue;
        kill(process, SIGKILL);
        waitpid(process, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(m_folder, ignored);
}

} // namespace foveate::engine
