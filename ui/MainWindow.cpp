// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/MainWindow.h"

#include "ui/models/EngineText.h"
#include "ui/models/ErrorText.h"
#include "ui/pages/Help.h"
#include "ui/pages/NewProjectDialog.h"
#include "ui/pages/ReadPage.h"
#include "ui/pages/StartPage.h"
#include "ui/pages/TrainPage.h"
#include "ui/views/Accessible.h"
#include "ui/views/ClassPanel.h"
#include "ui/views/Controls.h"
#include "ui/views/Icons.h"
#include "ui/views/ImageCanvas.h"
#include "ui/views/OverlayBar.h"

#include <QApplication>
#include <QButtonGroup>
#include <QCloseEvent>
#include <QDateTime>
#include <QDragEnterEvent>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenuBar>
#include <QMimeData>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QStyleFactory>
#include <QVBoxLayout>

namespace foveate::ui {

using session::Phase;
using session::ReadingState;

namespace {

constexpr int kBarHeight = 44;

QString localFile(const QMimeData* data)
{
    const QList<QUrl> urls = data->urls();
    return urls.size() == 1 && urls.front().isLocalFile() ? urls.front().toLocalFile() : QString();
}

bool isProject(const QString& path)
{
    return QFileInfo::exists(path + QStringLiteral("/project.toml"));
}

} // namespace

MainWindow::MainWindow(const WindowOptions& options, QWidget* parent)
    : QMainWindow(parent), m_options(options), m_recent(options.settingsFile),
      m_workspace(std::make_unique<session::Workspace>(options.workspace))
{
    installAccessibility();
    setWindowTitle(tr("Foveate"));
    setWindowIcon(icon(QStringLiteral("app"), Role::accent));
    setAcceptDrops(true);
    resize(1280, 800);
    build();
    buildMenus();
    connectActions();
    connectWorkspace();
    m_start->setRecent(m_recent.list());
    go(startPage);
    refreshBar();
    refreshEngine();
    refreshActions();
}

MainWindow::~MainWindow()
{
    // Ending the workspace says "changed" once more; nothing here is left to hear it.
    for (QObject* source : {static_cast<QObject*>(m_workspace.get()), static_cast<QObject*>(&m_workspace->reading()),
                            static_cast<QObject*>(&m_workspace->training())})
        disconnect(source, nullptr, this, nullptr);
    // The pages look at the workspace until they are gone.
    delete takeCentralWidget();
}

void MainWindow::build()
{
    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(buildBar());
    column->addWidget(makeRule(centre));
    m_pages = new QStackedWidget(centre);
    m_start = new StartPage(m_pages);
    m_read = new ReadPage(*m_workspace, m_pages);
    m_train = new TrainPage(*m_workspace, m_pages);
    for (QWidget* page :
         {static_cast<QWidget*>(m_start), static_cast<QWidget*>(m_read), static_cast<QWidget*>(m_train)})
        m_pages->addWidget(page);
    column->addWidget(m_pages, 1);
    setCentralWidget(centre);
}

QWidget* MainWindow::buildBar()
{
    auto* bar = new QFrame(this);
    bar->setObjectName(QStringLiteral("bar"));
    bar->setFixedHeight(kBarHeight);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(8, 0, 16, 0);
    row->setSpacing(0);
    m_tabs = new QButtonGroup(this);
    const QStringList names{tr("Start"), tr("Read"), tr("Train")};
    for (int i = 0; i < names.size(); ++i) {
        auto* tab = new QToolButton(bar);
        tab->setText(names[i]);
        tab->setProperty("tab", true);
        tab->setCheckable(true);
        tab->setFocusPolicy(Qt::TabFocus);
        tab->setAccessibleName(tr("Page %1").arg(names[i]));
        m_tabs->addButton(tab, i);
        row->addWidget(tab);
    }
    connect(m_tabs, &QButtonGroup::idClicked, this, [this](int id) { go(Page(id)); });
    row->addStretch(1);
    m_batch = makeLabel({}, TextType::body, bar);
    m_pace = makeLabel({}, TextType::quiet, bar);
    for (QLabel* label : {m_batch, m_pace})
        label->setFont(numberFont(label->font()));
    row->addWidget(m_batch);
    row->addStretch(1);
    row->addWidget(m_pace);
    row->addSpacing(16);
    m_policy = new Chip(QStringLiteral("blind"), bar);
    m_engine = new Chip(QStringLiteral("train"), bar);
    for (Chip* chip : {m_policy, m_engine}) {
        chip->setFocusPolicy(Qt::TabFocus);
        row->addWidget(chip);
        row->addSpacing(8);
    }
    connect(m_engine, &QToolButton::clicked, this, [this] { go(trainPage); });
    connect(m_policy, &QToolButton::clicked, this,
            [this] { showSentence(m_policy->text(), m_policy->accessibleDescription(), this); });
    return bar;
}

void MainWindow::connectWorkspace()
{
    using session::Workspace;
    connect(m_workspace.get(), &Workspace::opened, this, &MainWindow::projectOpened);
    connect(m_workspace.get(), &Workspace::closed, this, [this] {
        setWindowTitle(tr("Foveate"));
        m_start->setRecent(m_recent.list());
        if (!m_workspace->busy())
            go(startPage);
        refreshBar();
        refreshEngine();
        refreshActions();
    });
    connect(m_workspace.get(), &Workspace::failed, this, &MainWindow::fail);
    connect(m_workspace.get(), &Workspace::busyChanged, this, [this] {
        m_start->setBusy(m_workspace->busy(), tr("Getting the images ready"));
        if (m_workspace->busy())
            go(startPage);
        refreshActions();
    });
    connect(m_workspace.get(), &Workspace::progressed, m_start, &StartPage::setProgress);
    connect(m_workspace.get(), &Workspace::imported, this,
            [this](const session::ImportReport& report) { showImportReport(report, this); });
    connect(&m_workspace->reading(), &session::WorkspaceReading::changed, this, [this] {
        refreshBar();
        refreshActions();
    });
    connect(&m_workspace->reading(), &session::WorkspaceReading::tallyChanged, this, &MainWindow::refreshBar);
    connect(&m_workspace->training(), &session::WorkspaceTraining::changed, this, &MainWindow::refreshEngine);
    connect(m_start, &StartPage::newWanted, this, [this] { newProject({}); });
    connect(m_start, &StartPage::openWanted, this, &MainWindow::chooseProject);
    connect(m_start, &StartPage::demoWanted, action(Act::demo), &QAction::trigger);
    connect(m_start, &StartPage::projectWanted, this, &MainWindow::openProject);
    connect(m_start, &StartPage::cancelWanted, this, [this] { m_workspace->cancelImport(); });
    connect(m_read, &ReadPage::trainPageWanted, this, [this] { go(trainPage); });
    connect(m_read, &ReadPage::importWanted, this, &MainWindow::chooseImages);
    connect(m_read, &ReadPage::menuWanted, this, [this](const QPoint& at) { m_viewMenu->popup(at); });
    connect(m_read, &ReadPage::overlayToggled, action(Act::overlay), &QAction::setChecked);
}

void MainWindow::go(Page page)
{
    m_pages->setCurrentIndex(page);
    m_tabs->button(page)->setChecked(true);
    if (page == readPage)
        m_read->canvas()->setFocus();
    else
        m_pages->currentWidget()->setFocus();
    refreshBar();
    refreshActions();
}

MainWindow::Page MainWindow::page() const
{
    return Page(m_pages->currentIndex());
}

void MainWindow::openProject(const QString& folder)
{
    m_workspace->open(QFile::encodeName(QFileInfo(folder).absoluteFilePath()).toStdString());
}

void MainWindow::openDemo(const QString& folder, const QString& modality, int images)
{
    m_workspace->openDemo(QFile::encodeName(QFileInfo(folder).absoluteFilePath()).toStdString(), modality.toStdString(),
                          images);
}

void MainWindow::newProject(const QString& source)
{
    auto* dialog = new NewProjectDialog(source, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &NewProjectDialog::wished, this,
            [this](const session::NewProject& wish) { m_workspace->create(wish); });
    dialog->open();
}

void MainWindow::chooseProject()
{
    auto* dialog = new QFileDialog(this, tr("Open project"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::openProject);
    dialog->open();
}

void MainWindow::chooseImages()
{
    auto* dialog = new QFileDialog(this, tr("Images"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        session::ImportOptions source;
        source.source = QFile::encodeName(path).toStdString();
        source.split = m_workspace->project().file.splitRule;
        m_workspace->import(source);
    });
    dialog->open();
}

void MainWindow::projectOpened()
{
    const QString name = visibleText(QString::fromStdString(m_workspace->project().file.name));
    setWindowTitle(tr("Foveate: %1").arg(name));
    remember();
    refreshLabelMenu();
    go(readPage);
    refreshEngine();
}

void MainWindow::remember()
{
    const session::ProjectView& project = m_workspace->project();
    if (!project.open())
        return;
    const session::Tally& tally = m_workspace->reading().tally();
    m_recent.add({QFile::decodeName(project.folder.c_str()), QString::fromStdString(project.file.name),
                  tr("%1 of %2 labelled").arg(tally.labelled).arg(tally.samples),
                  QDateTime::currentDateTimeUtc().toString(Qt::ISODate)});
}

void MainWindow::refreshLabelMenu()
{
    m_labelMenu->clear();
    for (int i = 0; i < m_read->classes()->count(); ++i) {
        const ClassButton* button = m_read->classes()->button(i);
        QAction* action = m_labelMenu->addAction(asButtonText(button->text()) + u'\t' + button->key());
        connect(action, &QAction::triggered, this, [this, i] { m_read->label(i); });
    }
    if (m_workspace->project().file.multiLabel) {
        m_labelMenu->addSeparator();
        connect(m_labelMenu->addAction(tr("These apply") + u'\t' + tr("Enter")), &QAction::triggered, m_read,
                &ReadPage::confirm);
    }
}

void MainWindow::refreshBar()
{
    const bool reading = page() == readPage && m_workspace->project().open();
    const session::ReadingItem& item = m_workspace->reading().item();
    const session::Tally& tally = m_workspace->reading().tally();
    QString place;
    if (reading && m_workspace->reading().state() == ReadingState::reading)
        place = item.of > 0  ? tr("%1 of %2 in this batch").arg(item.position).arg(item.of)
                : item.again ? tr("Looking again")
                             : QString();
    m_batch->setText(place);
    QStringList pace;
    if (m_workspace->project().open())
        pace << tr("%1 today").arg(tally.today);
    if (tally.medianSeconds > 0)
        pace << tr("%1 s median").arg(tally.medianSeconds, 0, 'f', 1);
    m_pace->setText(pace.join(QStringLiteral(" · ")));
}

void MainWindow::refreshEngine()
{
    const bool open = m_workspace->project().open();
    const session::EngineView view = m_workspace->training().view();
    m_engine->setVisible(open);
    m_policy->setVisible(open);
    for (QAbstractButton* tab : m_tabs->buttons())
        tab->setEnabled(open || m_tabs->id(tab) == startPage);
    if (!open)
        return;
    const ChipText chip = engineChip(view);
    m_engine->display(chip.words, chip.explanation, chip.role);
    const bool blind = m_workspace->project().file.policy == "blind";
    m_policy->setIconName(blind ? QStringLiteral("blind") : QStringLiteral("eye"));
    m_policy->display(blind ? tr("Blind") : tr("After"),
                      blind ? tr("Nothing of the model is shown for an image until its batch is read.")
                            : tr("The model is shown once you have decided; Enter goes on."),
                      Role::quiet);
    action(Act::liveTraining)->setChecked(view.live);
    action(Act::pauseTraining)->setChecked(view.phase == Phase::paused);
    refreshActions();
}

void MainWindow::setTheme(ThemeName name)
{
    applyTheme(*qApp, name);
    m_recent.setValue(QStringLiteral("theme"),
                      name == ThemeName::light ? QStringLiteral("light") : QStringLiteral("reading-room"));
    m_start->restyle();
    m_read->restyle();
    m_train->restyle();
    refreshEngine();
    refreshActions();
}

void MainWindow::fail(const Error& error)
{
    showSentence(tr("That did not work"), errorText(error), this);
}

void MainWindow::keyPressEvent(QKeyEvent* event)
{
    if (page() != readPage || !m_read->keyPressed(*event))
        QMainWindow::keyPressEvent(event);
}

void MainWindow::keyReleaseEvent(QKeyEvent* event)
{
    if (page() != readPage || !m_read->keyReleased(*event))
        QMainWindow::keyReleaseEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (!localFile(event->mimeData()).isEmpty() && !m_workspace->busy())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QString path = localFile(event->mimeData());
    event->acceptProposedAction();
    if (isProject(path))
        openProject(path);
    else
        newProject(path);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    remember();
    event->accept();
}

} // namespace foveate::ui
