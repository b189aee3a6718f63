// SPDX-License-Identifier: GPL-3.0-or-later
// The loop of the window: feeds session::Loop with what happens and does what it asks, with the engine at idle
// priority.
//
// The engine is a child process and may die; labels are never in its way. Results (losses, curve, confusion) are read
// on the store's thread after each finished run. Thread: the GUI's.
#pragma once

#include "session/EngineProcess.h"
#include "session/Loop.h"
#include "session/StoreThread.h"
#include "session/WorkspaceTypes.h"

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

    void begin(const ProjectView& project, bool hasModel);
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
    void startEngine();
    void select(bool fromModel);
    void finished(const QString& folder);
    void book(const QString& folder);
    void readResults();
    void say(const Error& error);

    StoreThread& m_store;
    EngineProcess m_engine;
    ProjectView m_project;
    std::unique_ptr<Loop> m_loop;
    QTimer m_retry;
    QTimer m_quiet;
    std::deque<std::function<void()>> m_putOff;
    bool m_missing = false;
    bool m_restart = false; ///< wanted while the old process is still ending
    std::string m_runFolder;
    std::optional<Error> m_error;
    Results m_results;
    std::vector<LossPoint> m_losses; ///< of the run at work
};

/// Options of the engine's train job as the project's recipe wants them; what is 0 is left to the preset.
nlohmann::json trainingOptions(const store::TrainingRecipe& recipe);

/// Loss by epoch from a run's metrics.jsonl; lines that are not understood are passed over.
std::vector<LossPoint> readLosses(const std::string& runFolder);

} // namespace foveate::session
