// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/RobotReader.h"

#include <QTimer>

namespace foveate::app {

using session::Phase;
using session::ReadingState;

RobotReader::RobotReader(session::Workspace& workspace, std::map<std::string, int> truth, int labels)
    : m_workspace(workspace), m_truth(std::move(truth)), m_wanted(labels)
{
    // Signals only note that something happened; what to do is decided once per turn of the event loop.
    const auto later = [this] { QTimer::singleShot(0, this, &RobotReader::act); };
    connect(&workspace.reading(), &session::WorkspaceReading::changed, this, later);
    connect(&workspace.reading(), &session::WorkspaceReading::stored, this, [this, later](int change) {
        m_labelled += change;
        later();
    });
    connect(&workspace.training(), &session::WorkspaceTraining::changed, this, later);
    connect(&workspace, &session::Workspace::opened, this, later);
    connect(&workspace, &session::Workspace::failed, this, [this](const Error& error) {
        m_ended = true;
        Q_EMIT failed(error);
    });
}

bool RobotReader::engineBusy() const
{
    const Phase phase = m_workspace.training().view().phase;
    return phase == Phase::training || phase == Phase::waitingRetry;
}

void RobotReader::act()
{
    if (m_ended || !m_workspace.project().open())
        return;
    session::WorkspaceReading& reading = m_workspace.reading();
    if (reading.state() == ReadingState::reading && reading.item().serial != m_seen) {
        m_seen = reading.item().serial; // no canvas has to paint it first
        reading.shown(m_seen);
    }
    if (engineBusy())
        return;
    if (reading.state() == ReadingState::exhausted || m_labelled >= m_wanted)
        return finish();
    if (reading.state() == ReadingState::reading && reading.item().serial != m_answered)
        answer();
}

void RobotReader::answer()
{
    session::WorkspaceReading& reading = m_workspace.reading();
    const session::ReadingItem& item = reading.item();
    if (item.waits) {
        m_answered = item.serial;
        return reading.goOn();
    }
    const auto known = m_truth.find(item.sample);
    const quint64 serial = item.serial;
    const bool taken = known == m_truth.end() ? reading.decide(store::EventKind::skip)
                                              : reading.decide(store::EventKind::label, known->second);
    if (taken)
        m_answered = serial;
}

void RobotReader::finish()
{
    m_ended = true;
    Q_EMIT finished();
}

} // namespace foveate::app
