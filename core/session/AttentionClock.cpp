// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/AttentionClock.h"

#include <algorithm>

namespace foveate::session {

void AttentionClock::start(std::int64_t now)
{
    m_active = m_idle = 0;
    m_last = now;
}

void AttentionClock::touch(std::int64_t now)
{
    const std::int64_t gap = std::max<std::int64_t>(0, now - m_last);
    const std::int64_t counted = m_present ? std::min(gap, kIdleAfter) : 0;
    m_active += counted;
    m_idle += gap - counted;
    m_last = now;
}

void AttentionClock::setPresent(bool present, std::int64_t now)
{
    touch(now);
    m_present = present;
}

std::int64_t AttentionClock::active(std::int64_t now)
{
    touch(now);
    return m_active;
}

std::int64_t AttentionClock::idle(std::int64_t now)
{
    touch(now);
    return m_idle;
}

} // namespace foveate::session
