// SPDX-License-Identifier: GPL-3.0-or-later
// The engine at work: where it stands, what it has learned, what it gets wrong, and the three buttons that steer it.
#pragma once

#include "session/Workspace.h"

#include <QWidget>

class QCheckBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace foveate::ui {

class ConfusionView;
class CurveChart;
class StateStrip;

class TrainPage : public QWidget {
    Q_OBJECT
public:
    explicit TrainPage(session::Workspace& workspace, QWidget* parent = nullptr);

    ConfusionView* confusion() const { return m_confusion; }
    CurveChart* curve() const { return m_curve; }
    QString logged() const;
    void restyle();

private:
    QWidget* buildHead();
    QWidget* buildLog();
    QWidget* card(QWidget* content);
    void refreshEngine();
    void refreshResults();
    void refreshLosses();
    void log(const QString& line);

    session::Workspace& m_workspace;
    StateStrip* m_strip;
    QPushButton* m_now;
    QPushButton* m_pause;
    QPushButton* m_stop;
    QCheckBox* m_live;
    QLabel* m_model;
    CurveChart* m_loss;
    CurveChart* m_curve;
    ConfusionView* m_confusion;
    QPlainTextEdit* m_log;
};

} // namespace foveate::ui
