// SPDX-License-Identifier: GPL-3.0-or-later
// The window: menus, the bar with its counts and chips, and the pages Start, Read and Train over one Workspace.
//
// runWindow() is what app/ calls. The title shows the project's name, never a file, patient or image.
#pragma once

#include "session/Workspace.h"
#include "ui/models/Keymap.h"
#include "ui/models/Recent.h"
#include "ui/models/Theme.h"

#include <QHash>
#include <QMainWindow>

#include <memory>

class QApplication;
class QCoreApplication;
class QButtonGroup;
class QLabel;
class QStackedWidget;
class QToolButton;

namespace foveate::ui {

class Chip;
class ReadPage;
class StartPage;
class TrainPage;

struct WindowOptions {
    QString project;   ///< folder to open; "" for the Start page
    bool demo = false; ///< make the demo in `project` (or the default place) when it is not there
    QString modality = QStringLiteral("oct");
    int images = 600;
    ThemeName theme = ThemeName::readingRoom;
    bool themeFromSettings = true; ///< the one used last, where there is one
    QString settingsFile;          ///< tests use their own
    session::WorkspaceOptions workspace;
};

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    enum Page { startPage, readPage, trainPage };

    explicit MainWindow(const WindowOptions& options = {}, QWidget* parent = nullptr);
    ~MainWindow() override;

    session::Workspace& workspace() { return *m_workspace; }
    ReadPage* read() const { return m_read; }
    TrainPage* train() const { return m_train; }
    StartPage* start() const { return m_start; }
    QAction* action(Act act) const { return m_actions.value(int(act)); }
    void go(Page page);
    Page page() const;
    void openProject(const QString& folder);
    void openDemo(const QString& folder, const QString& modality, int images);
    void setTheme(ThemeName name);
    /// The dialog for a new project from `source` ("": to be chosen).
    void newProject(const QString& source);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void closeEvent(QCloseEvent* event) override;

private:
    void build();
    void buildMenus();
    QWidget* buildBar();
    void connectActions();
    void connectWorkspace();
    void on(Act act, std::function<void()> run);
    void chooseProject();
    void chooseImages();
    void projectOpened();
    void refreshBar();
    void refreshEngine();
    void refreshActions();
    void refreshLabelMenu();
    void remember();
    void showKeys();
    void fail(const Error& error);

    WindowOptions m_options;
    Recent m_recent;
    std::unique_ptr<session::Workspace> m_workspace;
    QStackedWidget* m_pages = nullptr;
    StartPage* m_start = nullptr;
    ReadPage* m_read = nullptr;
    TrainPage* m_train = nullptr;
    QButtonGroup* m_tabs = nullptr;
    QLabel* m_batch = nullptr;
    QLabel* m_pace = nullptr;
    Chip* m_engine = nullptr;
    Chip* m_policy = nullptr;
    QMenu* m_labelMenu = nullptr;
    QMenu* m_viewMenu = nullptr;
    QHash<int, QAction*> m_actions;
};

/// Palette, style sheet and font for the whole application.
void applyTheme(QApplication& application, ThemeName name);
/// The translation for this place, English plurals where there is none.
void installWords(QCoreApplication& application);

/// Shows the window and runs the application's event loop; the exit code.
int runWindow(QApplication& application, const WindowOptions& options);

/// Where the demo of a modality lies when no folder is named.
QString defaultDemoFolder(const QString& modality);

} // namespace foveate::ui
