// SPDX-License-Identifier: GPL-3.0-or-later
// Ways back and forth: take back, bring back, go on, look again.
#include "session/WorkspaceReading.h"

#include <algorithm>

namespace foveate::session {

using store::CurrentLabel;

/// Asks the store for a step back or forth; `then` only when it was possible and the project is still open.
void WorkspaceReading::step(Stepped& job, std::function<void(const StoredChange&)> then)
{
    if (m_pending || m_busy || m_trouble || m_project.readOnly || m_state == ReadingState::closed)
        return;
    m_busy = true;
    m_store.ask<StoredChange>(
        this,
        [job = &job, event = context(m_item.sample), reader = m_reader](Project& project) {
            return job(project, reader, event, kRecent);
        },
        [this, then = std::move(then)](const Result<StoredChange>& stored) {
            m_busy = false;
            if (stored && m_state != ReadingState::closed)
                then(*stored);
        });
}

void WorkspaceReading::undo()
{
    step(takeBack, [this](const StoredChange& stored) { takenBack(stored); });
}

void WorkspaceReading::redo()
{
    step(bringBack, [this](const StoredChange& stored) {
        ++m_tally.today;
        ++m_tally.session;
        settle(stored);
        showNext();
    });
}

void WorkspaceReading::takenBack(const StoredChange& stored)
{
    m_tally.today = std::max<std::int64_t>(0, m_tally.today - 1);
    m_tally.session = std::max<std::int64_t>(0, m_tally.session - 1);
    settle(stored);
    // A change of mind taken back leaves the first opinion: the image is looked at again, not to be
    // read.
    show(stored.event.sample, stored.now.has_value());
}

void WorkspaceReading::goOn()
{
    if (m_state != ReadingState::reading || m_pending || m_busy)
        return;
    if (m_item.waits)
        return showNext();
    if (!m_item.again)
        return;
    const auto here = std::find_if(m_recent.begin(), m_recent.end(),
                                   [this](const CurrentLabel& label) { return label.sample == m_item.sample; });
    if (here == m_recent.end() || here + 1 == m_recent.end())
        return showNext();
    show((here + 1)->sample, true);
}

void WorkspaceReading::goBack()
{
    if (m_pending || m_busy || m_recent.empty())
        return;
    const auto here = std::find_if(m_recent.begin(), m_recent.end(),
                                   [this](const CurrentLabel& label) { return label.sample == m_item.sample; });
    if (here == m_recent.begin())
        return;
    show((here - 1)->sample, true);
}

void WorkspaceReading::revisit(const std::string& sample)
{
    if (m_pending || m_busy || !m_samples.contains(sample) || !m_said.contains(sample))
        return;
    show(sample, true);
}

} // namespace foveate::session
