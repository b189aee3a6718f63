// SPDX-License-Identifier: GPL-3.0-or-later
// StopSignal: SIGTERM and SIGINT as a flag that a run looks at between two steps.
#pragma once

#include <atomic>
#include <csignal>

namespace foveate::engine {

inline std::atomic<bool> stopAsked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

inline void catchStopSignals()
{
    struct sigaction action {};
    action.sa_handler = [](int) { stopAsked = true; };
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    signal(SIGPIPE, SIG_IGN); // whoever listened has gone; the run folder is what counts
}

} // namespace foveate::engine
