// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/CrossValidator.h"

#include "base/Manifest.h"

#include <utility>

namespace foveate::session {
namespace {

constexpr int kDeathsAllowed = 3;

} // namespace

CrossValidator::CrossValidator(EngineOptions engine, QObject* parent) : QObject(parent), m_engine(std::move(engine))
{
    connect(&m_engine, &EngineProcess::checkpointed, this, [this] { m_deaths = 0; });
    connect(&m_engine, &EngineProcess::finished, this, [this] {
        ++m_fold;
        next();
    });
    connect(&m_engine, &EngineProcess::failed, this, &CrossValidator::giveUp);
    connect(&m_engine, &EngineProcess::stopped, this, &CrossValidator::next);
    connect(&m_engine, &EngineProcess::died, this, [this] {
        if (++m_deaths >= kDeathsAllowed)
            giveUp();
        else
            next();
    });
}

void CrossValidator::offer(const std::string& runsFolder, const RunInfo& training)
{
    m_waiting = Wish{runsFolder, training};
    next();
}

void CrossValidator::go()
{
    m_mayGo = true;
    next();
}

void CrossValidator::hold()
{
    m_mayGo = false;
    m_engine.stop();
}

void CrossValidator::forget()
{
    hold();
    m_waiting.reset();
    m_current.reset();
    m_busy = false;
    ++m_generation;
}

std::optional<std::pair<int, int>> CrossValidator::progress() const
{
    return m_current ? std::optional(std::pair(m_fold, m_current->folds)) : std::nullopt;
}

/// The next step, when it is time for one.
void CrossValidator::next()
{
    Q_EMIT changed();
    if (!m_mayGo || m_busy || m_engine.running())
        return;
    if (!m_current)
        return begin();
    if (m_fold < m_current->folds)
        return startFold();
    conclude();
}

void CrossValidator::begin()
{
    if (!m_waiting)
        return;
    m_busy = true;
    m_background.ask<Result<CrossValidation>>(
        this,
        [wish = *std::exchange(m_waiting, std::nullopt)] {
            return beginCrossValidation(wish.runsFolder, wish.training);
        },
        [this, generation = m_generation](const Result<CrossValidation>& begun) {
            if (generation != m_generation)
                return;
            m_busy = false;
            m_fold = m_deaths = 0;
            if (begun && !hasManifest(begun->folder))
                m_current = *begun;
            next();
        });
}

void CrossValidator::startFold()
{
    m_busy = true;
    m_background.ask<Status>(
        this, [validation = *m_current, fold = m_fold] { return prepareFold(validation, fold); },
        [this, generation = m_generation](const Status& prepared) {
            if (generation != m_generation)
                return;
            m_busy = false;
            if (!prepared)
                return giveUp();
            if (m_mayGo && !m_engine.start(m_current->foldFolder(m_fold)))
                giveUp();
        });
}

void CrossValidator::conclude()
{
    m_busy = true;
    m_background.ask<Status>(
        this, [validation = *m_current] { return finishCrossValidation(validation); },
        [this, generation = m_generation](const Status& done) {
            if (generation != m_generation)
                return;
            m_busy = false;
            m_current.reset();
            if (done)
                Q_EMIT finished();
            next();
        });
}

void CrossValidator::giveUp()
{
    m_current.reset();
    next();
}

} // namespace foveate::session
