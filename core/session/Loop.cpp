// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Loop.h"

#include <algorithm>

namespace foveate::session {
namespace {

template <typename... Handlers> struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

constexpr int kRetrySeconds = 2;

} // namespace

std::vector<Action> Loop::on(const Happening& happening)
{
    return std::visit(Overloaded{
                          [this](const Labelled& h) { return labelled(h.classesSeen, 1); },
                          [this](const Unlabelled& h) { return labelled(h.classesSeen, -1); },
                          [this](const TrainRequested&) {
                              m_requested = true;
                              if (m_phase == Phase::broken) {
                                  m_phase = Phase::idle;
                                  m_deaths = 0;
                              }
                              return startIfDue();
                          },
                          [this](const PauseRequested&) { return pause(); },
                          [this](const ResumeRequested&) { return resume(); },
                          [this](const StopRequested&) { return stop(); },
                          [this](const Checkpointed&) {
                              m_deaths = 0;
                              return std::vector<Action>{};
                          },
                          [this](const EngineFinished&) { return finished(); },
                          [this](const EngineFailed& h) { return failed(h.error); },
                          [this](const EngineDied&) { return died(); },
                          [this](const RetryDue&) { return retry(); },
                          [this](const QueueEmpty&) { return boundary(); },
                          [this](const BoundaryReached&) { return boundary(); },
                      },
                      happening);
}

std::vector<Action> Loop::labelled(int classesSeen, int change)
{
    m_classesSeen = classesSeen;
    m_newLabels = std::max(0, m_newLabels + change);
    return change > 0 ? startIfDue() : std::vector<Action>{};
}

std::vector<Action> Loop::startIfDue()
{
    if (m_phase != Phase::idle)
        return {};
    if (m_classesSeen < m_settings.minimumClasses) {
        if (!m_requested)
            return {};
        m_requested = false;
        return {SayFailed{{Code::needsClasses, {std::to_string(m_classesSeen)}}}};
    }
    const bool due = m_settings.live && m_newLabels >= m_settings.retrainAfter;
    if (!due && !m_requested)
        return {};
    m_requested = false;
    m_newLabels = 0;
    m_deaths = 0;
    m_phase = Phase::training;
    return {StartTraining{}};
}

std::vector<Action> Loop::pause()
{
    if (m_phase != Phase::training && m_phase != Phase::waitingRetry)
        return {};
    const bool running = m_phase == Phase::training;
    m_phase = Phase::paused;
    return running ? std::vector<Action>{StopEngine{}} : std::vector<Action>{};
}

std::vector<Action> Loop::resume()
{
    if (m_phase != Phase::paused)
        return {};
    m_phase = Phase::training;
    return {RestartEngine{}};
}

std::vector<Action> Loop::stop()
{
    if (m_phase == Phase::idle || m_phase == Phase::broken)
        return {};
    const bool running = m_phase == Phase::training;
    m_phase = Phase::idle;
    return running ? std::vector<Action>{StopEngine{}} : std::vector<Action>{};
}

std::vector<Action> Loop::finished()
{
    // A run that ended just as it was stopped or paused is as good as any other.
    m_phase = Phase::idle;
    m_deaths = 0;
    m_hasModel = true;
    m_offered = true;
    std::vector<Action> actions{SelectBatch{true}, OfferBatch{}};
    for (const Action& action : startIfDue())
        actions.push_back(action);
    return actions;
}

std::vector<Action> Loop::failed(const Error& error)
{
    if (m_phase == Phase::idle)
        return {};
    m_phase = Phase::idle;
    return {SayFailed{error}};
}

std::vector<Action> Loop::died()
{
    if (m_phase != Phase::training)
        return {};
    if (++m_deaths >= m_settings.deathsAllowed) {
        m_phase = Phase::broken;
        return {SayBroken{}};
    }
    m_phase = Phase::waitingRetry;
    return {WaitThenRetry{kRetrySeconds * m_deaths}};
}

std::vector<Action> Loop::retry()
{
    if (m_phase != Phase::waitingRetry)
        return {};
    m_phase = Phase::training;
    return {RestartEngine{}};
}

std::vector<Action> Loop::boundary()
{
    if (m_offered) {
        m_offered = false;
        return {TakeBatch{}};
    }
    return {SelectBatch{m_hasModel}, TakeBatch{}};
}

} // namespace foveate::session
