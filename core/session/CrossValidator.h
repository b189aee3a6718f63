// SPDX-License-Identifier: GPL-3.0-or-later
// Cross-validates trainings in the window's spare time: one fold after the other, whenever the engine has nothing else
// to do.
//
// What is begun is finished before a newer training has its turn, so that a curve grows while somebody reads quickly.
// A fold that is held goes on from its checkpoint. A training that cannot be judged is passed over. Folders are made
// and read on a thread of their own. Thread: the GUI's.
#pragma once

#include "session/Background.h"
#include "session/CrossValidation.h"
#include "session/EngineProcess.h"

#include <QObject>
#include <optional>
#include <string>

namespace foveate::session {

class CrossValidator : public QObject {
    Q_OBJECT
public:
    explicit CrossValidator(EngineOptions engine, QObject* parent = nullptr);

    /// The newest training to judge; takes the place of one that still waits.
    void offer(const std::string& runsFolder, const RunInfo& training);
    void go();
    void hold();
    /// Another project: holds, and knows nothing any more.
    void forget();

    /// Folds done of the training under judgement; nothing when none is.
    std::optional<std::pair<int, int>> progress() const;

Q_SIGNALS:
    void changed();
    void finished(); ///< a MANIFEST is there, to be booked

private:
    void next();
    void begin();
    void startFold();
    void conclude();
    void giveUp();

    struct Wish {
        std::string runsFolder;
        RunInfo training;
    };
    EngineProcess m_engine;
    std::optional<Wish> m_waiting;
    std::optional<CrossValidation> m_current;
    int m_fold = 0;
    int m_deaths = 0;
    bool m_mayGo = false;
    bool m_busy = false;      ///< a folder is being made or read
    quint64 m_generation = 0; ///< outcomes of a project left behind are dropped
    Background m_background;  ///< last: its jobs end first
};

} // namespace foveate::session
