// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/WorkspaceTraining.h"

#include <QFileInfo>
#include <QStringList>

namespace foveate::session {

namespace {

constexpr int kQuietAfter = 700;

QString runName(const std::string& folder)
{
    return QString::fromStdString(folder.substr(folder.find_last_of('/') + 1));
}

std::optional<double> metric(const Progress& progress, const std::string& name)
{
    for (const auto& [key, value] : progress.metrics)
        if (key == name)
            return value;
    return {};
}

} // namespace

WorkspaceTraining::WorkspaceTraining(StoreThread& store, EngineOptions engine, QObject* parent)
    : QObject(parent), m_store(store), m_engine(engine, this), m_ranker(engine, this), m_validator(engine, this)
{
    m_missing = !QFileInfo(engine.program.isEmpty() ? programBeside(QStringLiteral("foveate-engine")) : engine.program)
                     .isExecutable();
    m_retry.setSingleShot(true);
    m_quiet.setSingleShot(true);
    m_quiet.setInterval(kQuietAfter);
    connect(&m_quiet, &QTimer::timeout, this, &WorkspaceTraining::quiet);
    connect(&m_retry, &QTimer::timeout, this, [this] { on(RetryDue{}); });
    connect(&m_engine, &EngineProcess::progressed, this, [this](const Progress& progress) {
        follow(progress);
        Q_EMIT changed();
    });
    connect(&m_engine, &EngineProcess::checkpointed, this, [this](qint64 step) {
        on(Checkpointed{});
        Q_EMIT logged(QStringLiteral("checkpoint"), {QString::number(step)});
    });
    connect(&m_engine, &EngineProcess::finished, this, &WorkspaceTraining::finished);
    connect(&m_engine, &EngineProcess::failed, this, [this](const Error& error) { on(EngineFailed{error}); });
    connect(&m_engine, &EngineProcess::died, this, [this](const Error& error) {
        m_error = error;
        Q_EMIT logged(QStringLiteral("died"), {QString::fromStdString(error.arg(0))});
        on(EngineDied{});
    });
    connect(&m_engine, &EngineProcess::stopped, this, [this] {
        Q_EMIT logged(QStringLiteral("stopped"), {});
        if (m_restart)
            startEngine();
        spareTime();
        Q_EMIT changed();
    });
    connect(&m_ranker, &EngineProcess::finished, this, &WorkspaceTraining::ranked);
    connect(&m_ranker, &EngineProcess::stopped, this, &WorkspaceTraining::ranked);
    for (const auto failed : {&EngineProcess::failed, &EngineProcess::died})
        connect(&m_ranker, failed, this, [this](const Error& error) {
            say(error);
            ranked();
        });
    connect(&m_validator, &CrossValidator::changed, this, &WorkspaceTraining::changed);
    connect(&m_validator, &CrossValidator::finished, this, [this] {
        whenQuiet([this] { book([this](const Status& booked) { booked ? readResults() : say(booked.error()); }); });
    });
}

void WorkspaceTraining::whenQuiet(std::function<void()> work)
{
    m_putOff.push_back(std::move(work));
    if (!m_quiet.isActive())
        m_quiet.start();
}

void WorkspaceTraining::quiet()
{
    if (m_putOff.empty())
        return;
    const auto work = std::move(m_putOff.front());
    m_putOff.pop_front();
    if (m_putOff.empty())
        m_quiet.stop();
    else
        m_quiet.start();
    work();
}

void WorkspaceTraining::follow(const Progress& progress)
{
    const auto loss = metric(progress, "loss");
    if (!loss)
        return;
    // One point an epoch: the latest loss seen in it.
    const LossPoint point{metric(progress, "epoch").value_or(double(progress.step)), *loss,
                          metric(progress, "val_loss")};
    if (!m_losses.empty() && m_losses.back().epoch == point.epoch)
        m_losses.back() = point;
    else
        m_losses.push_back(point);
}

void WorkspaceTraining::begin(const ProjectView& project, bool hasModel, bool mayTrain)
{
    m_project = project;
    m_mayTrain = mayTrain && !project.readOnly;
    LoopSettings settings;
    settings.retrainAfter = project.file.retrainAfter;
    settings.minimumClasses = project.file.minimumClasses;
    settings.batchSize = project.file.batchSize;
    settings.live = !m_missing;
    m_loop = std::make_unique<Loop>(settings, hasModel);
    m_results = {};
    m_losses.clear();
    m_error.reset();
    whenQuiet([this] { readResults(); });
    spareTime();
    Q_EMIT changed();
}

void WorkspaceTraining::catchUp(std::int64_t newLabels, int classesSeen)
{
    // A label less than none counts for nothing, but says how many classes there are.
    on(Unlabelled{classesSeen});
    for (std::int64_t i = 0; i < std::min<std::int64_t>(newLabels, m_project.file.retrainAfter); ++i)
        on(Labelled{classesSeen});
}

void WorkspaceTraining::end()
{
    m_retry.stop();
    m_quiet.stop();
    m_putOff.clear();
    m_restart = false;
    m_validator.forget();
    m_loop.reset();
    m_project = {};
    m_afterRanking = {};
    for (EngineProcess* engine : {&m_engine, &m_ranker})
        if (engine->running())
            engine->stop();
    Q_EMIT changed();
}

EngineView WorkspaceTraining::view() const
{
    EngineView view;
    view.missing = m_missing;
    view.error = m_error;
    if (!m_loop)
        return view;
    view.phase = m_loop->phase();
    view.offered = m_loop->batchOffered();
    view.live = m_loop->settings().live;
    view.newLabels = m_loop->newLabels();
    view.retrainAfter = m_loop->settings().retrainAfter;
    view.progress = m_engine.lastProgress();
    view.run = runName(m_runFolder).toStdString();
    view.judged = m_validator.progress();
    return view;
}

void WorkspaceTraining::on(const Happening& happening)
{
    if (!m_loop)
        return;
    for (const Action& action : m_loop->on(happening))
        perform(action);
    spareTime();
    Q_EMIT changed();
}

void WorkspaceTraining::perform(const Action& action)
{
    if (std::holds_alternative<StartTraining>(action))
        whenQuiet([this] { prepare(); });
    else if (std::holds_alternative<RestartEngine>(action))
        startEngine();
    else if (std::holds_alternative<StopEngine>(action))
        m_engine.stop();
    else if (const auto* wait = std::get_if<WaitThenRetry>(&action))
        m_retry.start(wait->seconds * 1000);
    else if (const auto* choice = std::get_if<SelectBatch>(&action))
        select(choice->fromModel);
    else if (std::holds_alternative<OfferBatch>(action))
        Q_EMIT logged(QStringLiteral("offered"), {});
    else if (std::holds_alternative<TakeBatch>(action))
        // Behind the selection, which was posted to the store before.
        Q_EMIT takeBatch();
    else if (std::holds_alternative<SayBroken>(action))
        Q_EMIT logged(QStringLiteral("broken"), {});
    else if (const auto* failure = std::get_if<SayFailed>(&action))
        say(failure->error);
}

void WorkspaceTraining::say(const Error& error)
{
    m_error = error;
    Q_EMIT logged(QStringLiteral("failed"), {QString::fromStdString(describe(error))});
}

void WorkspaceTraining::prepare()
{
    if (!m_loop || m_loop->phase() != Phase::training)
        return; // stopped before it began
    m_error.reset();
    m_losses.clear();
    m_store.ask<RunPlan>(
        this, [](Project& project) { return planTraining(project); },
        [this](const Result<RunPlan>& plan) {
            if (!plan)
                return on(EngineFailed{plan.error()});
            m_background.ask<Result<std::string>>(
                this, [plan = *plan] { return makeRun(plan); },
                [this](const Result<std::string>& folder) { prepared(folder); });
        });
}

void WorkspaceTraining::prepared(const Result<std::string>& folder)
{
    if (!m_loop || m_loop->phase() != Phase::training || (folder && !isOurs(*folder)))
        return;
    if (!folder)
        return on(EngineFailed{folder.error()});
    m_runFolder = *folder;
    startEngine();
}

/// An answer may come after another project has been opened.
bool WorkspaceTraining::isOurs(const std::string& folder) const
{
    return m_project.open() && folder.starts_with(m_project.folder + '/');
}

void WorkspaceTraining::startEngine()
{
    m_restart = m_engine.running();
    if (m_restart)
        return;
    if (m_runFolder.empty())
        return prepare();
    if (const Status started = m_engine.start(m_runFolder); !started)
        return on(EngineFailed{started.error()});
    Q_EMIT logged(QStringLiteral("started"), {runName(m_runFolder)});
    Q_EMIT changed();
}

void WorkspaceTraining::select(bool fromModel)
{
    m_store.ask<std::int64_t>(
        this, [fromModel](Project& project) { return selectBatch(project, fromModel); },
        [this](Result<std::int64_t> batch) {
            if (!batch)
                say(batch.error());
        });
}

/// A strategy that needs the engine ranks before the batch is offered.
void WorkspaceTraining::rankFirst(std::function<void()> then)
{
    m_store.ask<std::string>(
        this, [](Project& project) { return prepareRanking(project); },
        [this, then = std::move(then)](const Result<std::string>& folder) {
            m_afterRanking = then;
            const bool needed = folder && !folder->empty() && isOurs(*folder);
            const Status started = needed ? m_ranker.start(*folder) : Status();
            if (!folder || !started)
                say(folder ? started.error() : folder.error());
            if (!needed || !started)
                ranked();
        });
}

void WorkspaceTraining::ranked()
{
    if (const auto then = std::exchange(m_afterRanking, {}))
        then();
}

void WorkspaceTraining::finished(const QString& folder)
{
    Q_EMIT logged(QStringLiteral("finished"), {runName(folder.toStdString())});
    if (!m_loop)
        return; // booked by whoever opens the project next
    m_runFolder.clear();
    whenQuiet([this, folder] {
        book([this, folder](const Status& booked) {
            if (!isOurs(folder.toStdString()))
                return;
            if (!booked)
                return on(EngineFailed{booked.error()});
            Q_EMIT modelChanged(folder);
            whenQuiet([this] { readResults(); });
            rankFirst([this, folder] {
                if (isOurs(folder.toStdString()))
                    on(EngineFinished{folder.toStdString()});
            });
        });
    });
}

void WorkspaceTraining::book(std::function<void(const Status&)> then)
{
    m_store.ask<Unbooked>(
        this, [](Project& project) { return unbookedRuns(project); },
        [this, then = std::move(then)](const Result<Unbooked>& unbooked) {
            if (!unbooked)
                return then(tl::unexpected(unbooked.error()));
            m_background.ask<Result<std::vector<Booking>>>(
                this, [unbooked = *unbooked] { return bookingsOf(unbooked); },
                [this, then](const Result<std::vector<Booking>>& bookings) {
                    if (!bookings)
                        return then(tl::unexpected(bookings.error()));
                    enter(*bookings, then);
                });
        });
}

void WorkspaceTraining::enter(const std::vector<Booking>& bookings, const std::function<void(const Status&)>& then)
{
    m_store.ask<std::vector<std::string>>(
        this, [bookings](Project& project) { return session::book(project, bookings); },
        [then](const Result<std::vector<std::string>>& booked) {
            then(booked ? Status() : tl::unexpected(booked.error()));
        });
}

void WorkspaceTraining::readResults()
{
    m_store.ask<ResultsPlan>(
        this, [](Project& project) { return planResults(project); },
        [this](const Result<ResultsPlan>& plan) {
            if (!plan)
                return say(plan.error());
            if (plan->curve.basis == CurveBasis::crossValidated && plan->run && !plan->crossValidation)
                m_validator.offer(m_project.folder + "/runs", *plan->run);
            m_background.ask<Results>(
                this, [plan = *plan] { return session::readResults(plan); },
                [this](const Results& results) {
                    m_results = results;
                    Q_EMIT resultsChanged();
                });
        });
}

/// The engine's spare time is for judging what it has learned.
void WorkspaceTraining::spareTime()
{
    const bool idle = m_loop && m_loop->phase() == Phase::idle && m_loop->settings().live;
    if (m_mayTrain && idle && !m_engine.running())
        m_validator.go();
    else
        m_validator.hold();
}

void WorkspaceTraining::labelled(int change, int classesSeen)
{
    if (change > 0)
        on(Labelled{classesSeen});
    else if (change < 0)
        on(Unlabelled{classesSeen});
}

void WorkspaceTraining::boundary()
{
    on(BoundaryReached{});
}

void WorkspaceTraining::queueEmpty()
{
    on(QueueEmpty{});
}

void WorkspaceTraining::trainNow()
{
    on(TrainRequested{});
}

void WorkspaceTraining::pause()
{
    on(PauseRequested{});
}

void WorkspaceTraining::resume()
{
    on(ResumeRequested{});
}

void WorkspaceTraining::stop()
{
    m_restart = false;
    on(StopRequested{});
}

void WorkspaceTraining::setLive(bool live)
{
    if (!m_loop)
        return;
    LoopSettings settings = m_loop->settings();
    settings.live = live;
    m_loop->setSettings(settings);
    spareTime();
    Q_EMIT changed();
}

} // namespace foveate::session
