// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Workspace.h"

#include "session/Demo.h"
#include "session/Runs.h"
#include "store/Lock.h"

#include <QFile>
#include <QFileInfo>
#include <algorithm>

namespace foveate::session {

namespace {

constexpr int kRestAfter = 5000; // ms without a decision: the reader looks longer, or has gone

EngineOptions trainingEngine(const WorkspaceOptions& options)
{
    EngineOptions engine = options.engine;
    engine.background = options.background;
    return engine;
}

} // namespace

std::string defaultReader()
{
    const QByteArray named = qgetenv("FOVEATE_READER");
    return named.isEmpty() ? store::thisOwner().user : named.toStdString();
}

Workspace::Workspace(WorkspaceOptions options, QObject* parent)
    : QObject(parent), m_options(std::move(options)), m_store(std::make_unique<StoreThread>()),
      m_images(new WorkspaceImages(m_options.decoder, this)),
      m_reading(new WorkspaceReading(*m_store, m_options.reader.empty() ? defaultReader() : m_options.reader, this)),
      m_training(new WorkspaceTraining(*m_store, trainingEngine(m_options), this)),
      m_serve(new ServeProcess(m_options.engine, this)), m_reveals(new Reveals(*m_serve, this))
{
    connect(m_reading, &WorkspaceReading::changed, this, &Workspace::readingChanged);
    connect(m_reading, &WorkspaceReading::stored, this, [this](int change) {
        if (m_options.training)
            m_training->labelled(change, m_reading->classesSeen());
    });
    connect(m_reading, &WorkspaceReading::onScreen, m_training, &WorkspaceTraining::quiet);
    connect(m_reading, &WorkspaceReading::boundary, m_training, &WorkspaceTraining::boundary);
    connect(m_reading, &WorkspaceReading::queueEmpty, m_training, &WorkspaceTraining::queueEmpty);
    connect(m_training, &WorkspaceTraining::takeBatch, m_reading, &WorkspaceReading::takeBatch);
    connect(m_training, &WorkspaceTraining::modelChanged, this, [this](const QString& folder) {
        m_reading->setModel(QFileInfo(folder).fileName().toStdString());
        m_store->ask<std::vector<RunInfo>>(
            this, [](Project& project) -> Result<std::vector<RunInfo>> { return trainedRuns(project.runsFolder()); },
            [this](Result<std::vector<RunInfo>> models) {
                if (models)
                    setModels(std::move(*models));
            });
    });
    connect(m_reveals, &Reveals::arrived, this, &Workspace::takeReveal);
    connect(m_reveals, &Reveals::refused, this, &Workspace::revealChanged); // the page says that there is no answer
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestAfter);
    connect(m_reading, &WorkspaceReading::stored, &m_rest, qOverload<>(&QTimer::start));
    connect(&m_rest, &QTimer::timeout, this, [this] {
        m_store->post([](StoreThread::Slot& slot) {
            if (slot && slot->held())
                static_cast<void>(slot->study().maintain()); // tried again at the next rest
        });
    });
    m_throttle.start();
}

Workspace::~Workspace()
{
    m_cancel = true;
    m_training->end();
    m_serve->quit();
    m_store.reset(); // runs what is posted; its outcomes find this object still whole
}

void Workspace::setBusy(bool busy)
{
    m_busy = busy;
    Q_EMIT busyChanged();
}

void Workspace::report(const Error& error)
{
    Q_EMIT failed(error);
}

void Workspace::open(const std::string& folder)
{
    close();
    setBusy(true);
    m_store->post([this, folder](StoreThread::Slot& slot) { openOn(slot, folder); });
}

/// On the store's thread.
void Workspace::openOn(StoreThread::Slot& slot, const std::string& folder)
{
    const auto tell = [this](const Error& error) {
        QMetaObject::invokeMethod(
            this,
            [this, error] {
                setBusy(false);
                report(error);
            },
            Qt::QueuedConnection);
    };
    slot.reset();
    std::optional<Error> owner;
    Result<Project> project = Project::open(folder, Purpose::write);
    if (!project && (project.error().code == Code::locked || project.error().code == Code::readOnly)) {
        owner = project.error();
        project = Project::open(folder, Purpose::read);
    }
    if (!project)
        return tell(owner ? *owner : project.error());
    slot.emplace(std::move(*project));
    Result<OpenedStudy> study = readStudy(*slot, m_reading->reader());
    if (!study)
        return tell(study.error());
    study->project.owner = owner;
    const auto pack = slot->pack();
    QMetaObject::invokeMethod(
        this,
        [this, study = std::move(*study), models = trainedRuns(slot->runsFolder()),
         pack = pack ? std::optional(*pack) : std::nullopt] { received(study, models, pack); },
        Qt::QueuedConnection);
}

void Workspace::received(const OpenedStudy& study, std::vector<RunInfo> models, std::optional<Pack> pack)
{
    const std::optional<RunInfo> model = models.empty() ? std::nullopt : std::optional(models.front());
    m_project = study.project;
    m_pack = std::move(pack);
    m_images->setPack(m_pack);
    m_reveals->setPack(m_pack);
    m_asked.clear();
    setModels(std::move(models));
    setBusy(false);
    m_training->begin(m_project, model.has_value(), m_options.training);
    m_reading->begin(study);
    m_reading->setModel(model ? model->id : std::string());
    if (m_options.training && !m_project.readOnly)
        m_training->catchUp(m_reading->tally().labelled - (model ? model->labels : 0), m_reading->classesSeen());
    Q_EMIT opened();
}

ImportControl Workspace::control()
{
    m_cancel = false;
    ImportControl control;
    control.cancel = &m_cancel;
    control.progress = [this](const Progress& progress) {
        QMetaObject::invokeMethod(
            this, [this, progress] { Q_EMIT progressed(progress); }, Qt::QueuedConnection);
    };
    return control;
}

/// On the store's thread: the outcome of an import, told to the window.
void Workspace::tellImported(const Result<ImportReport>& outcome)
{
    QMetaObject::invokeMethod(
        this,
        [this, outcome] {
            if (outcome)
                Q_EMIT imported(*outcome);
            else
                report(outcome.error());
        },
        Qt::QueuedConnection);
}

NewProject Workspace::withDecoder(NewProject wish) const
{
    if (wish.source.decoder.empty())
        wish.source.decoder = m_options.decoder;
    return wish;
}

void Workspace::create(const NewProject& wish)
{
    close();
    setBusy(true);
    m_store->post([this, wish = withDecoder(wish), control = control()](StoreThread::Slot& slot) {
        slot.reset();
        Result<Project> project = Project::create(wish.folder, wish.file);
        if (!project) {
            tellImported(tl::unexpected(project.error()));
            QMetaObject::invokeMethod(
                this, [this] { setBusy(false); }, Qt::QueuedConnection);
            return;
        }
        tellImported(importImages(*project, wish.source, control));
        project = fail(Code::internal); // closes it
        openOn(slot, wish.folder);
    });
}

void Workspace::import(const ImportOptions& source)
{
    const std::string folder = m_project.folder;
    if (folder.empty() || m_busy)
        return;
    setBusy(true);
    m_store->post([this, folder, source, control = control()](StoreThread::Slot& slot) {
        if (slot && slot->held())
            tellImported(importImages(*slot, source, control));
        openOn(slot, folder);
    });
}

void Workspace::openDemo(const std::string& folder, const std::string& modality, int images)
{
    close();
    setBusy(true);
    m_store->post([this, folder, modality, images, control = control()](StoreThread::Slot& slot) {
        slot.reset();
        DemoOptions options;
        options.modality = modality;
        options.images = images;
        options.decoder = m_options.decoder;
        const Result<Project> made = createDemo(folder, options, control);
        if (!made && made.error().code != Code::alreadyExists) {
            QMetaObject::invokeMethod(
                this,
                [this, error = made.error()] {
                    setBusy(false);
                    report(error);
                },
                Qt::QueuedConnection);
            return;
        }
    });
    m_store->post([this, folder](StoreThread::Slot& slot) {
        if (QFileInfo::exists(QFile::decodeName(folder.c_str()) + QStringLiteral("/project.toml")))
            openOn(slot, folder);
    });
}

void Workspace::close()
{
    if (!m_project.open())
        return;
    m_training->end();
    setModels({});
    m_reading->end();
    m_images->want({});
    m_project = {};
    m_pack.reset();
    m_reveal.reset();
    m_store->post([](StoreThread::Slot& slot) { slot.reset(); });
    Q_EMIT closed();
}

std::optional<imaging::Image> Workspace::thumbnail(const std::string& sample) const
{
    const store::Sample* found = m_reading->sample(sample);
    if (!found || !m_pack || found->packRow < 0 || std::size_t(found->packRow) >= m_pack->count())
        return {};
    return packImage(*m_pack, std::size_t(found->packRow));
}

void Workspace::readingChanged()
{
    m_images->want(m_reading->around());
    askForReveal();
}

void Workspace::askForReveal()
{
    const ReadingItem& item = m_reading->item();
    const bool may = m_reading->state() == ReadingState::reading && (item.visible.prediction || item.visible.overlay);
    if (m_revealSerial == item.serial && may && (m_reveal || revealPending()))
        return;
    m_revealSerial = item.serial;
    m_reveal.reset();
    std::vector<std::int64_t> rows;
    if (may)
        rows.push_back(item.row);
    if (m_project.file.policy == "after") { // each will be shown as soon as it is decided
        for (const store::Sample& sample : m_reading->around())
            if (sample.split == Split::train)
                rows.push_back(sample.packRow);
    }
    m_reveals->want(rows);
    Q_EMIT revealChanged();
    takeReveal(item.row);
}

/// What is known of the image on the screen, once it may be shown: asked again here, for an answer may come after the
/// reader has gone on.
void Workspace::takeReveal(std::int64_t row)
{
    const ReadingItem& item = m_reading->item();
    const Reveal* known = m_reveals->of(row);
    if (!known || m_reveal || m_revealSerial != item.serial || row != item.row || !item.visible.prediction ||
        m_reading->state() != ReadingState::reading)
        return;
    m_reveal = *known;
    m_reveal->run = askedModel()->id;
    m_reveal->labels = askedModel()->labels;
    m_reading->noteReveal(m_reveal->run);
    Q_EMIT revealChanged();
}

void Workspace::setModels(std::vector<RunInfo> models)
{
    m_models = std::move(models);
    if (askedModel() == nullptr)
        m_asked.clear();
    m_reveals->setRun(m_models.empty() ? std::string() : askedModel()->folder);
    if (!m_reveal)
        askForReveal(); // the answer of the model before will not come
    Q_EMIT modelsChanged();
}

const RunInfo* Workspace::askedModel() const
{
    if (m_asked.empty())
        return m_models.empty() ? nullptr : &m_models.front();
    const auto found =
        std::find_if(m_models.begin(), m_models.end(), [this](const RunInfo& run) { return run.id == m_asked; });
    return found == m_models.end() ? nullptr : &*found;
}

void Workspace::askModel(const std::string& run)
{
    const RunInfo* before = askedModel();
    m_asked = m_models.empty() || run == m_models.front().id ? std::string() : run;
    if (askedModel() == before)
        return;
    m_reveal.reset();
    setModels(std::move(m_models));
}

void Workspace::setMapMethod(const std::string& method)
{
    if (method == m_reveals->method())
        return;
    m_reveals->setMethod(method);
    m_reveal.reset();
    askForReveal();
}

} // namespace foveate::session
