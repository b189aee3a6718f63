// SPDX-License-Identifier: GPL-3.0-or-later
// LocalRanks: further processes of this program, which train together with it on this machine.
//
// They work on the same run folder, say nothing on standard output, and meet in a file of a folder that only this user
// may enter; no port is opened beyond the loop-back device. One thread at a time.
#pragma once

#include "learn/ranks/Ranks.h"

#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace foveate::engine {

class LocalRanks {
public:
    /// Starts count − 1 of them; io when one cannot be.
    static Result<std::unique_ptr<LocalRanks>> start(const std::string& runFolder, int count);
    /// Waits for them a little, then ends those that still work.
    ~LocalRanks();
    LocalRanks(const LocalRanks&) = delete;
    LocalRanks& operator=(const LocalRanks&) = delete;

    /// Whether none has ended.
    bool allLive() const;
    /// This process, the first of them.
    const learn::Ranks& first() const { return m_first; }

private:
    LocalRanks(std::string folder, int count);
    Status spawn(const std::string& runFolder, int rank);

    std::string m_folder; ///< where they meet
    learn::Ranks m_first;
    std::vector<pid_t> m_others;
};

} // namespace foveate::engine
