// SPDX-License-Identifier: GPL-3.0-or-later
// Where everything begins: the projects opened last, a new one, the demo; and the import while it runs.
#pragma once

#include "base/Job.h"
#include "ui/models/Recent.h"

#include <QWidget>

class QLabel;
class QListWidget;
class QProgressBar;
class QPushButton;
class QStackedWidget;

namespace foveate::ui {

class StartPage : public QWidget {
    Q_OBJECT
public:
    explicit StartPage(QWidget* parent = nullptr);

    void setRecent(const QList<RecentProject>& projects);
    void setBusy(bool busy, const QString& what);
    void setProgress(const Progress& progress);
    void restyle();

Q_SIGNALS:
    void newWanted();
    void openWanted();
    void demoWanted();
    void projectWanted(const QString& folder);
    void cancelWanted();

private:
    QWidget* buildChoices();
    QWidget* buildRecent();
    QWidget* buildBusy();

    QStackedWidget* m_stack;
    QListWidget* m_recent;
    QWidget* m_none;
    QList<QPushButton*> m_choices;
    QLabel* m_what;
    QLabel* m_count;
    QProgressBar* m_bar;
};

} // namespace foveate::ui
