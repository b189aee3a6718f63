// SPDX-License-Identifier: GPL-3.0-or-later
// Menus and shortcuts of the window: what each action does and when it can be done.
#include "ui/MainWindow.h"

#include "ui/pages/Help.h"
#include "ui/pages/ReadPage.h"
#include "ui/views/ClassPanel.h"
#include "ui/views/ImageCanvas.h"

#include <QAction>
#include <QMenuBar>

namespace foveate::ui {

using session::Phase;

namespace {

constexpr int kPeekByMenu = 1500;

} // namespace

void MainWindow::buildMenus()
{
    QHash<int, QMenu*> menus;
    for (const MenuId id : {MenuId::file, MenuId::read, MenuId::view, MenuId::go, MenuId::train, MenuId::help})
        menus[int(id)] = menuBar()->addMenu(menuTitle(id));
    m_viewMenu = menus[int(MenuId::view)];
    m_labelMenu = menus[int(MenuId::read)]->addMenu(tr("&Label as"));
    for (const ActionRow& row : actionRows()) {
        auto* action = new QAction(row.text, this);
        action->setObjectName(row.name);
        action->setCheckable(row.checkable);
        action->setProperty("keys", QVariant::fromValue(row.keys));
        // A key held down must not label, take back or train again and again.
        action->setAutoRepeat(row.act == Act::zoomIn || row.act == Act::zoomOut || row.act == Act::overlayLess ||
                              row.act == Act::overlayMore);
        if (!row.onEvent)
            action->setShortcuts(row.keys);
        else if (!row.keys.isEmpty())
            action->setText(row.text + u'\t' + row.keys.front().toString(QKeySequence::NativeText));
        menus[int(row.menu)]->addAction(action);
        m_actions[int(row.act)] = action;
    }
}

void MainWindow::on(Act act, std::function<void()> run)
{
    connect(action(act), &QAction::triggered, this, [run = std::move(run)] { run(); });
}

void MainWindow::connectActions()
{
    on(Act::newProject, [this] { newProject({}); });
    on(Act::openProject, [this] { chooseProject(); });
    on(Act::demo, [this] { openDemo(defaultDemoFolder(m_options.modality), m_options.modality, m_options.images); });
    on(Act::closeProject, [this] { m_workspace->close(); });
    on(Act::quit, [this] { close(); });
    on(Act::skip, [this] { m_read->skip(); });
    on(Act::unsure, [this] { m_read->unsure(); });
    on(Act::ungradable, [this] { m_read->ungradable(); });
    on(Act::undo, [this] { m_read->takeBack(); });
    on(Act::redo, [this] { m_read->redo(); });
    on(Act::next, [this] { m_read->next(); });
    on(Act::previous, [this] { m_read->previous(); });
    ImageCanvas* canvas = m_read->canvas();
    on(Act::fit, [canvas] { canvas->fit(); });
    on(Act::actualSize, [canvas] { canvas->setZoom(1); });
    on(Act::zoomIn, [canvas] { canvas->zoomBy(1.25); });
    on(Act::zoomOut, [canvas] { canvas->zoomBy(0.8); });
    on(Act::invert, [canvas] { canvas->setInverted(!canvas->inverted()); });
    on(Act::windowDefault, [canvas] { canvas->resetWindow(); });
    on(Act::windowAuto, [canvas] { canvas->autoWindow(); });
    on(Act::imageText, [canvas] { canvas->cycleText(); });
    on(Act::overlay, [this] { m_read->toggleOverlay(); });
    on(Act::overlayLess, [this] { m_read->stepOpacity(-1); });
    on(Act::overlayMore, [this] { m_read->stepOpacity(1); });
    on(Act::earlierModel, [this] { m_read->stepModel(1); });
    on(Act::laterModel, [this] { m_read->stepModel(-1); });
    on(Act::overlayPeek, [this] { m_read->peekFor(kPeekByMenu); });
    on(Act::themeDark, [this] { setTheme(ThemeName::readingRoom); });
    on(Act::themeLight, [this] { setTheme(ThemeName::light); });
    on(Act::fullScreen, [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
    on(Act::pageStart, [this] { go(startPage); });
    on(Act::pageRead, [this] { go(readPage); });
    on(Act::pageTrain, [this] { go(trainPage); });
    session::WorkspaceTraining& training = m_workspace->training();
    on(Act::trainNow, [&training] { training.trainNow(); });
    on(Act::pauseTraining,
       [&training] { training.view().phase == Phase::paused ? training.resume() : training.pause(); });
    on(Act::stopTraining, [&training] { training.stop(); });
    on(Act::liveTraining, [this, &training] { training.setLive(action(Act::liveTraining)->isChecked()); });
    on(Act::manual, [this] { showManual(this); });
    on(Act::keySheet, [this] { showKeys(); });
    on(Act::about, [this] { showAbout(this); });
}

void MainWindow::refreshActions()
{
    const bool open = m_workspace->project().open(), busy = m_workspace->busy();
    const bool reading = open && page() == readPage;
    const bool writable = reading && !m_workspace->project().readOnly;
    const session::EngineView view = m_workspace->training().view();
    const bool running =
        view.phase == Phase::training || view.phase == Phase::waitingRetry || view.phase == Phase::paused;
    for (const ActionRow& row : actionRows()) {
        bool on = true;
        if (row.menu == MenuId::read)
            on = row.act == Act::next || row.act == Act::previous ? reading : writable;
        else if (row.menu == MenuId::view)
            on = reading || row.act == Act::themeDark || row.act == Act::themeLight || row.act == Act::fullScreen;
        else if (row.menu == MenuId::train)
            on = open && !view.missing && !m_workspace->project().readOnly;
        action(row.act)->setEnabled(on);
    }
    for (const Act act : {Act::newProject, Act::openProject, Act::demo})
        action(act)->setEnabled(!busy);
    for (const Act act : {Act::closeProject, Act::pageRead, Act::pageTrain})
        action(act)->setEnabled(open && !busy);
    for (const Act act : {Act::pauseTraining, Act::stopTraining})
        action(act)->setEnabled(open && running);
    m_labelMenu->setEnabled(writable);
    action(Act::themeDark)->setChecked(Theme::current().name() == ThemeName::readingRoom);
    action(Act::themeLight)->setChecked(Theme::current().name() == ThemeName::light);
}

void MainWindow::showKeys()
{
    QList<std::pair<QString, QList<QAction*>>> groups;
    for (const MenuId id : {MenuId::read, MenuId::view, MenuId::go, MenuId::train, MenuId::file, MenuId::help}) {
        QList<QAction*> actions;
        for (const ActionRow& row : actionRows())
            if (row.menu == id)
                actions << action(row.act);
        groups.append({menuTitle(id), actions});
    }
    showKeySheet(groups, this);
}

} // namespace foveate::ui
