// SPDX-License-Identifier: GPL-3.0-or-later
// Idle › Training › Scoring › Batch ready: where the engine is, how far, how long still.
#pragma once

#include <QString>
#include <QWidget>

#include <optional>

namespace foveate::ui {

enum class EngineStage { idle, training, scoring, ready };

struct StageView {
    EngineStage stage = EngineStage::idle;
    double progress = 0; ///< of the present stage, [0,1]
    QString detail;      ///< "epoch 3 of 25, about 20 s"
};

class StateStrip : public QWidget {
    Q_OBJECT
public:
    explicit StateStrip(QWidget* parent);
    void setView(const StageView& view);
    QSize sizeHint() const override { return {640, 72}; }
    QSize minimumSizeHint() const override { return {400, 72}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    StageView m_view;
};

QString stageText(EngineStage stage);

} // namespace foveate::ui
