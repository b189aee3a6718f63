// SPDX-License-Identifier: GPL-3.0-or-later
// Milliseconds of attention: gaps without any input count up to thirty seconds, the rest is idle. Knows no clock of its
// own.
#pragma once

#include <cstdint>

namespace foveate::session {

class AttentionClock {
public:
    static constexpr std::int64_t kIdleAfter = 30'000;
    void start(std::int64_t now);
    /// Somebody did something.
    void touch(std::int64_t now);
    /// The window lost or regained the focus.
    void setPresent(bool present, std::int64_t now);
    std::int64_t active(std::int64_t now);
    std::int64_t idle(std::int64_t now);

private:
    std::int64_t m_active = 0, m_idle = 0, m_last = 0;
    bool m_present = true;
};

} // namespace foveate::session
