// SPDX-License-Identifier: GPL-3.0-or-later
// The main loop as a state machine: label → retrain → select → offer. No threads, no clocks, no I/O.
//
// Feed it what happened, do what it asks, in order. The window and `simulate` drive the same machine; a test can
// play any sequence of events through it. The image on the screen is never swapped: a new batch is only *offered*,
// and taken at a boundary.
#pragma once

#include "base/Result.h"

#include <string>
#include <variant>
#include <vector>

namespace foveate::session {

struct LoopSettings {
    int retrainAfter = 10;  ///< new labels since the last training began; larger: fewer, better-fed trainings
    int minimumClasses = 2; ///< labels of so many classes must be there before anything is trained
    int batchSize = 20;
    int deathsAllowed = 3; ///< engine deaths without a saved step in between, then training stops
    bool live = true;      ///< false: trains only on request
};

enum class Phase {
    idle,         ///< nothing to do yet
    training,     ///< an engine run trains and scores the pool
    paused,       ///< the run is stopped at a checkpoint on request; resume goes on
    waitingRetry, ///< the engine died; it is started again after a pause
    broken        ///< died too often; reading goes on with random or the last probabilities
};

// What happened.
struct Labelled {
    int classesSeen;
}; ///< one more label is durable; classes with ≥ 1 label now
struct Unlabelled {
    int classesSeen;
}; ///< a label was taken back
struct TrainRequested {};
struct PauseRequested {};
struct ResumeRequested {};
struct StopRequested {}; ///< keep the checkpoint, forget the run
struct Checkpointed {};
struct EngineFinished {
    std::string run;
}; ///< a MANIFEST is there
struct EngineFailed {
    Error error;
};                         ///< the engine said why (a code): not a death
struct EngineDied {};      ///< killed, crashed or silent
struct RetryDue {};        ///< the pause asked for by WaitThenRetry is over
struct QueueEmpty {};      ///< the reader reached the end of the queue
struct BoundaryReached {}; ///< the reader finished a batch
using Happening =
    std::variant<Labelled, Unlabelled, TrainRequested, PauseRequested, ResumeRequested, StopRequested, Checkpointed,
                 EngineFinished, EngineFailed, EngineDied, RetryDue, QueueEmpty, BoundaryReached>;

// What to do about it.
struct StartTraining {}; ///< write a snapshot, start the engine on a new run
struct RestartEngine {}; ///< start the engine again on the same run (resumes)
struct StopEngine {};    ///< ask for a checkpoint and an end
struct WaitThenRetry {
    int seconds;
};
struct SelectBatch {
    bool fromModel;
};                    ///< rank the pool (last finished run, or random) and queue a batch
struct OfferBatch {}; ///< a model-chosen batch lies ready: show it at the boundary
struct TakeBatch {};  ///< switch the queue to the offered batch now
struct SayBroken {};  ///< tell the reader that training has stopped and labels are safe
struct SayFailed {
    Error error;
};
using Action = std::variant<StartTraining, RestartEngine, StopEngine, WaitThenRetry, SelectBatch, OfferBatch, TakeBatch,
                            SayBroken, SayFailed>;

class Loop {
public:
    explicit Loop(LoopSettings settings, bool hasModel = false) : m_settings(settings), m_hasModel(hasModel) {}
    std::vector<Action> on(const Happening& happening);

    Phase phase() const { return m_phase; }
    int newLabels() const { return m_newLabels; }
    int deaths() const { return m_deaths; }
    bool hasModel() const { return m_hasModel; }
    bool batchOffered() const { return m_offered; }
    const LoopSettings& settings() const { return m_settings; }
    void setSettings(const LoopSettings& settings) { m_settings = settings; }

private:
    std::vector<Action> labelled(int classesSeen, int change);
    std::vector<Action> startIfDue();
    std::vector<Action> pause();
    std::vector<Action> resume();
    std::vector<Action> stop();
    std::vector<Action> finished();
    std::vector<Action> failed(const Error& error);
    std::vector<Action> died();
    std::vector<Action> retry();
    std::vector<Action> boundary();

    LoopSettings m_settings;
    Phase m_phase = Phase::idle;
    int m_newLabels = 0;
    int m_classesSeen = 0;
    int m_deaths = 0;
    bool m_hasModel = false;
    bool m_offered = false;
    bool m_requested = false;
};

} // namespace foveate::session
