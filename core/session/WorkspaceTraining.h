// SPDX-License-Identifier: GPL-3.0-or-later
// The loop of the window: feeds session::Loop with what happens and does what it asks, with the engine at idle
// priority.
//
// The engine is a child process and may die; labels are never in its way: on the store's thread there is only what
// needs the database, and files and figures (losses, curve, confusion) are left to another. Where no images were set
// aside, finished trainings are cross-validated while the engine rests. Thread: the GUI's.
#pragma once

#include "session/Background.h"
#include "session/CrossValidator.h"
#include "session/EngineProcess.h"
#include "session/Loop.h"
#include "session/StoreThread.h"
#include "session/TrainingJobs.h"

#include <QObject>
#include <QTimer>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace foveate::session {

class WorkspaceTraining : public QObject {
    Q_OBJECT
public:
    WorkspaceTraining(StoreThread& store, EngineOptions engine, QObject* parent = nullptr);

    /// `mayTrain`: false leaves the engine alone unless it is asked for.
    void begin(const ProjectView& project, bool hasModel, bool mayTrain = true);
    /// Labels that no finished training has seen yet, from earlier sittings: may start one.
    void catchUp(std::int64_t newLabels, int classesSeen);
    /// Ends the engine (its checkpoint stays).
    void end();

    EngineView view() const;
    /// Of the run at work, one point an epoch.
    const std::vector<LossPoint>& losses() const { return m_losses; }
    const Results& results() const { return m_results; }
    std::int64_t engineId() const { return m_engine.processId(); }

    /// The reader has just got a new image: the best moment for work on the database that takes a while, because the
    /// next label is some time away. What is put off comes in any case when nobody says so for a while.
    void quiet();
    void labelled(int change, int classesSeen);
    void boundary();
    void queueEmpty();
    void trainNow();
    void pause();
    void resume();
    void stop();
    void setLive(bool live);

Q_SIGNALS:
    void changed(); ///< at most about ten times a second
    void resultsChanged();
    void takeBatch(); ///< the queue's front is the batch to read now
    void modelChanged(const QString& runFolder);
    /// For the log; `code` is one of started, checkpoint, finished, failed, died, broken, offered, stopped.
    void logged(const QString& code, const QStringList& args);

private:
    void whenQuiet(std::function<void()> work);
    void follow(const Progress& progress);
    void on(const Happening& happening);
    void perform(const Action& action);
    void prepare();
    bool isOurs(const std::string& folder) const;
    void startEngine();
    void select(bool fromModel);
    void rankFirst(std::function<void()> then);
    void ranked();
    void finished(const QString& folder);
    void prepared(const Result<std::string>& folder);
    void book(std::function<void(const Status&)> then);
    void enter(const std::vector<Booking>& bookings, const std::function<void(const Status&)>& then);
    void readResults();
    void spareTime();
    void say(const Error& error);

    StoreThread& m_store;
    EngineProcess m_engine;
    EngineProcess m_ranker; ///< by a strategy that needs the engine
    std::function<void()> m_afterRanking;
    CrossValidator m_validator;
    ProjectView m_project;
    std::unique_ptr<Loop> m_loop;
    QTimer m_retry;
    QTimer m_quiet;
    std::deque<std::function<void()>> m_putOff;
    bool m_missing = false;
    bool m_mayTrain = true;
    bool m_restart = false; ///< wanted while the old process is still ending
    std::string m_runFolder;
    std::optional<Error> m_error;
    Results m_results;
    std::vector<LossPoint> m_losses; ///< of the run at work
    Background m_background;         ///< last: its jobs end first
};

} // namespace foveate::session
