// SPDX-License-Identifier: GPL-3.0-or-later
// A simulated reader in front of the window's own presenter: answers from hidden truth, at the window's pace.
//
// It labels what it is shown, waits for a training that its labels have set off, takes the batches offered, and
// stops after a number of labels with the engine at rest. Everything else is session::Workspace, as in the window.
#pragma once

#include "base/Result.h"
#include "session/Workspace.h"

#include <QObject>
#include <map>
#include <string>

namespace foveate::app {

class RobotReader : public QObject {
    Q_OBJECT
public:
    /// REQUIRES: `workspace` outlives it.
    RobotReader(session::Workspace& workspace, std::map<std::string, int> truth, int labels);
    int labelled() const { return m_labelled; }

Q_SIGNALS:
    void finished();
    void failed(const foveate::Error& error);

private:
    void act();
    void answer();
    bool engineBusy() const;
    void finish();

    session::Workspace& m_workspace;
    std::map<std::string, int> m_truth;
    int m_wanted;
    int m_labelled = 0;
    quint64 m_answered = 0; ///< serial of the last image answered
    quint64 m_seen = 0;     ///< serial of the last image that came up
    bool m_ended = false;
};

} // namespace foveate::app
