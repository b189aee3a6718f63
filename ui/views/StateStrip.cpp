// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/StateStrip.h"

#include "ui/models/Theme.h"

#include <QCoreApplication>
#include <QPainter>

namespace foveate::ui {

namespace {

constexpr int kStages = 4, kGap = 8, kBar = 4;

} // namespace

QString stageText(EngineStage stage)
{
    switch (stage) {
    case EngineStage::idle: return QCoreApplication::translate("StateStrip", "Idle");
    case EngineStage::training: return QCoreApplication::translate("StateStrip", "Training");
    case EngineStage::scoring: return QCoreApplication::translate("StateStrip", "Scoring");
    case EngineStage::ready: return QCoreApplication::translate("StateStrip", "Batch ready");
    }
    return {};
}

StateStrip::StateStrip(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setView({});
}

void StateStrip::setView(const StageView& view)
{
    m_view = view;
    setAccessibleName(view.detail.isEmpty() ? tr("Engine: %1").arg(stageText(view.stage))
                                            : tr("Engine: %1, %2").arg(stageText(view.stage), view.detail));
    update();
}

void StateStrip::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::current();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const double step = (width() - (kStages - 1) * kGap) / double(kStages);
    for (int i = 0; i < kStages; ++i) {
        const bool now = i == int(m_view.stage), past = i < int(m_view.stage);
        const QRectF box(i * (step + kGap), 0, step, height());
        const QRectF bar(box.left(), 0, box.width(), kBar);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.colour(Role::line));
        painter.drawRoundedRect(bar, 2, 2);
        const bool timed = m_view.stage == EngineStage::training || m_view.stage == EngineStage::scoring;
        const double done = past ? 1 : now ? (timed ? m_view.progress : 1) : 0;
        painter.setBrush(theme.colour(past ? Role::quiet : Role::accent));
        if (done > 0)
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * done, kBar), 2, 2);
        painter.setPen(theme.colour(now ? Role::text : Role::quiet));
        painter.drawText(QRectF(box.left(), 14, box.width(), 20), Qt::AlignLeft | Qt::AlignVCenter,
                         stageText(EngineStage(i)));
        if (!now)
            continue;
        painter.setPen(theme.colour(Role::quiet));
        QFont small = font();
        small.setPixelSize(11);
        painter.setFont(small);
        painter.drawText(QRectF(box.left(), 36, box.width(), 32), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                         m_view.detail);
        painter.setFont(font());
    }
}

} // namespace foveate::ui
