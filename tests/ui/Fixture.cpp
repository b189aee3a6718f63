// SPDX-License-Identifier: GPL-3.0-or-later
#include "Fixture.h"

#include "base/Manifest.h"
#include "base/Npy.h"
#include "base/Random.h"
#include "session/Demo.h"
#include "session/Labelling.h"
#include "session/Runs.h"
#include "ui/pages/ReadPage.h"

#include <QApplication>
#include <QFile>
#include <QKeyEvent>
#include <QSignalSpy>

#include <filesystem>
#include <map>
#include <numeric>

namespace foveate::made {

Fixture::Fixture() : m_study(m_home.filePath(QStringLiteral("study.foveate")).toStdString())
{
    for (const char* variable : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "HOME"})
        qputenv(variable, m_home.path().toUtf8());
}

namespace {

/// Studies of the same kind are made once in a program and copied; their images stay where the first one put them.
Result<std::string> original(int images, const std::string& policy, const std::string& modality)
{
    static QTemporaryDir folder;
    const std::string path = folder.path().toStdString() + '/' + modality + '-' + policy + '-' + std::to_string(images);
    if (std::filesystem::exists(path))
        return path;
    session::DemoOptions options;
    options.images = images;
    options.modality = modality;
    options.decoder = FOVEATE_BIN_DIR "/foveate-decode";
    FOVEATE_TRY(session::Project project, session::createDemo(path, options));
    store::ProjectFile file = project.file();
    file.policy = policy;
    file.name = "Retina study";
    FOVEATE_CHECK(project.study().setProject(file));
    FOVEATE_CHECK(project.release());
    return path;
}

} // namespace

Status Fixture::makeStudy(int images, const std::string& policy, const std::string& modality)
{
    FOVEATE_TRY(const std::string made, original(images, policy, modality));
    std::error_code error;
    std::filesystem::copy(made, m_study, std::filesystem::copy_options::recursive, error);
    return error ? fail(Code::io, {m_study}) : Status();
}

Status Fixture::makeMultiLabel()
{
    FOVEATE_TRY(session::Project project, session::Project::open(m_study, session::Purpose::write));
    FOVEATE_TRY(store::Connection * database, project.study().database());
    FOVEATE_CHECK(database->execute("INSERT INTO project (key, value) VALUES ('multi_label', '1')"));
    return project.release();
}

Status Fixture::labelSome(int count)
{
    FOVEATE_TRY(session::Project project, session::Project::open(m_study, session::Purpose::write));
    store::Study& study = project.study();
    FOVEATE_TRY(const auto truth, study.hiddenTruth());
    const std::map<std::string, int> classes(truth.begin(), truth.end());
    FOVEATE_TRY(const auto queue, study.queue(count));
    for (const store::QueueItem& item : queue) {
        store::Event event;
        event.reader = "tester";
        event.sample = item.sample;
        event.classIndex = classes.at(item.sample);
        event.activeMs = 2500;
        FOVEATE_TRY([[maybe_unused]] const auto stored, study.append(event));
    }
    return project.release();
}

Status Fixture::addRun(int epochs)
{
    FOVEATE_TRY(session::Project project, session::Project::open(m_study, session::Purpose::write));
    session::RunWish wish;
    wish.job = "train";
    FOVEATE_TRY(const std::string run, session::prepareRun(project, wish));
    FOVEATE_TRY(const Snapshot snapshot, readSnapshot(run));
    FOVEATE_TRY(const auto truth, project.study().hiddenTruth());
    const std::map<std::string, int> classes(truth.begin(), truth.end());
    const std::size_t count = snapshot.classes.size();
    Random random(7);
    std::vector<float> probabilities;
    std::vector<std::int64_t> rows;
    for (const SnapshotSample& sample : snapshot.samples) {
        std::vector<float> row(count);
        for (float& value : row)
            value = float(random.uniform(0.05, 1));
        row[std::size_t(classes.at(sample.id))] += 0.7F;
        const float sum = std::accumulate(row.begin(), row.end(), 0.0F);
        for (const float value : row)
            probabilities.push_back(value / sum);
        rows.push_back(sample.row);
    }
    FOVEATE_CHECK(writeNpy<float>(run + "/probabilities.npy", {rows.size(), count}, probabilities));
    FOVEATE_CHECK(writeNpy<std::int64_t>(run + "/rows.npy", {rows.size()}, rows));
    QFile metrics(QString::fromStdString(run + "/metrics.jsonl"));
    if (!metrics.open(QIODevice::WriteOnly))
        return fail(Code::io, {run});
    for (int epoch = 1; epoch <= epochs; ++epoch)
        metrics.write(QStringLiteral("{\"epoch\":%1,\"loss\":%2,\"val_loss\":%3}\n")
                          .arg(epoch)
                          .arg(1.4 / (1 + 0.3 * epoch))
                          .arg(1.4 / (1 + 0.2 * epoch) + 0.08)
                          .toUtf8());
    metrics.close();
    FOVEATE_CHECK(writeManifest(run));
    return project.release();
}

ui::WindowOptions Fixture::options() const
{
    ui::WindowOptions options;
    options.settingsFile = m_home.filePath(QStringLiteral("window.ini"));
    options.workspace.reader = "tester";
    options.workspace.decoder = FOVEATE_BIN_DIR "/foveate-decode";
    options.workspace.engine.program = QStringLiteral(FOVEATE_BIN_DIR "/foveate-engine");
    options.workspace.training = false;
    return options;
}

std::unique_ptr<ui::MainWindow> Fixture::open(ui::WindowOptions options)
{
    if (options.settingsFile.isEmpty())
        options = this->options();
    static const bool s_words = (ui::installWords(*qApp), true);
    Q_UNUSED(s_words)
    ui::applyTheme(*qApp, options.theme);
    auto window = std::make_unique<ui::MainWindow>(options);
    window->show();
    QApplication::setActiveWindow(window.get());
    QSignalSpy opened(&window->workspace(), &session::Workspace::opened);
    window->openProject(QString::fromStdString(m_study));
    return opened.wait(10'000) ? std::move(window) : nullptr;
}

bool waitArmed(ui::MainWindow& window, int milliseconds)
{
    return QTest::qWaitFor([&] { return window.read()->armed(); }, milliseconds);
}

void pressDigit(QWidget* target, int digit, Qt::KeyboardModifiers modifiers, bool repeat, int printed)
{
    const int key = printed != 0 ? printed : Qt::Key_0 + digit;
    const quint32 scan = (modifiers & Qt::KeypadModifier) ? 79 : 10 + quint32((digit + 9) % 10);
    for (const QEvent::Type type : {QEvent::KeyPress, QEvent::KeyRelease}) {
        QKeyEvent event(type, key, modifiers, scan, 0, 0, QString(QChar(key)), repeat);
        QApplication::sendEvent(target, &event);
    }
}

} // namespace foveate::made
