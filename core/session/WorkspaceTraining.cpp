// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/WorkspaceTraining.h"

#include "base/AtomicFile.h"
#include "session/Runs.h"
#include "session/Selection.h"

#include <QFileInfo>
#include <QStringList>
#include <sstream>

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

Result<std::string> prepareTraining(Project& project)
{
    FOVEATE_TRY(const auto parent, chooseRun(project, Need::pretrained, ""));
    RunWish wish;
    wish.job = "train";
    wish.options = trainingOptions(project.file().training);
    // Size and network come with the weights that training starts from.
    if (parent) {
        wish.options.erase("model");
        wish.options.erase("size");
    } else if (wish.options["size"] > project.file().packSize) {
        wish.options["size"] = project.file().packSize;
    }
    wish.seed = project.file().seed;
    wish.parent = parent;
    return prepareRun(project, wish);
}

Result<std::int64_t> selectBatch(Project& project, bool fromModel)
{
    const store::ProjectFile& file = project.file();
    // Each batch of a cold start draws anew, and the same list comes for the same project and number.
    FOVEATE_TRY(const auto batches, project.study().batches());
    const std::uint64_t seed = fromModel ? file.seed : file.seed + batches.size();
    FOVEATE_TRY(const Selection selection,
                fromModel ? rankPool(project, file.strategy, seed) : rankPool(project, "random", seed, "none"));
    if (selection.items.empty())
        return std::int64_t(0);
    return queueBatch(project, selection, file.batchSize);
}

Result<Results> collectResults(Project& project)
{
    Results results;
    const auto run = chooseRun(project, Need::trained, "");
    if (!run || !*run)
        return results;
    results.run = (*run)->id;
    results.losses = readLosses((*run)->folder);
    FOVEATE_TRY(results.curve, learningCurve(project));
    const Split split = results.curve.basis == CurveBasis::validation ? Split::val : Split::test;
    if (auto evaluation = evaluateRun(project, **run, split, project.file().seed))
        results.evaluation = std::move(*evaluation);
    return results;
}

} // namespace

nlohmann::json trainingOptions(const store::TrainingRecipe& recipe)
{
    nlohmann::json options{{"preset", recipe.preset}, {"model", recipe.model}, {"size", recipe.size}};
    if (recipe.epochs > 0)
        options["epochs"] = recipe.epochs;
    if (recipe.batch > 0)
        options["batch"] = recipe.batch;
    if (recipe.learningRate > 0)
        options["learning_rate"] = recipe.learningRate;
    return options;
}

std::vector<LossPoint> readLosses(const std::string& runFolder)
{
    std::vector<LossPoint> points;
    const auto text = readFile(runFolder + "/metrics.jsonl", std::size_t(64) << 20);
    if (!text)
        return points;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        const auto row = nlohmann::json::parse(line, nullptr, false);
        if (!row.is_object() || !row.contains("epoch") || !row["epoch"].is_number() || !row.contains("loss") ||
            !row["loss"].is_number())
            continue;
        LossPoint point{row["epoch"].get<double>(), row["loss"].get<double>(), {}};
        if (row.contains("val_loss") && row["val_loss"].is_number())
            point.validation = row["val_loss"].get<double>();
        points.push_back(point);
    }
    return points;
}

WorkspaceTraining::WorkspaceTraining(StoreThread& store, EngineOptions engine, QObject* parent)
    : QObject(parent), m_store(store), m_engine(engine, this)
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
        Q_EMIT changed();
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

void WorkspaceTraining::begin(const ProjectView& project, bool hasModel)
{
    m_project = project;
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
    m_loop.reset();
    m_project = {};
    if (m_engine.running())
        m_engine.stop();
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
    return view;
}

void WorkspaceTraining::on(const Happening& happening)
{
    if (!m_loop)
        return;
    for (const Action& action : m_loop->on(happening))
        perform(action);
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
    m_store.ask<std::string>(
        this, [](Project& project) { return prepareTraining(project); },
        [this](Result<std::string> folder) {
            if (!m_loop || m_loop->phase() != Phase::training)
                return;
            if (!folder)
                return on(EngineFailed{folder.error()});
            m_runFolder = *folder;
            startEngine();
        });
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

void WorkspaceTraining::finished(const QString& folder)
{
    Q_EMIT logged(QStringLiteral("finished"), {runName(folder.toStdString())});
    if (!m_loop)
        return; // booked by whoever opens the project next
    m_runFolder.clear();
    whenQuiet([this, folder] { book(folder); });
}

void WorkspaceTraining::book(const QString& folder)
{
    m_store.ask<std::vector<std::string>>(
        this, [](Project& project) { return bookFinishedRuns(project); },
        [this, folder](Result<std::vector<std::string>> booked) {
            if (!booked)
                return on(EngineFailed{booked.error()});
            Q_EMIT modelChanged(folder);
            on(EngineFinished{folder.toStdString()});
            whenQuiet([this] { readResults(); });
        });
}

void WorkspaceTraining::readResults()
{
    m_store.ask<Results>(
        this, [](Project& project) { return collectResults(project); },
        [this](Result<Results> results) {
            if (!results)
                return say(results.error());
            m_results = std::move(*results);
            Q_EMIT resultsChanged();
        });
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
    Q_EMIT changed();
}

} // namespace foveate::session
