// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/Style.h"

#include "ui/models/Theme.h"

#include <QPainter>
#include <QStyleOption>

namespace foveate::ui {

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const
{
    if (element != PE_IndicatorCheckBox)
        return QProxyStyle::drawPrimitive(element, option, painter, widget);
    const Theme& theme = Theme::current();
    const bool enabled = option->state.testFlag(State_Enabled), on = option->state.testFlag(State_On);
    const QColor frame = theme.colour(!enabled ? Role::disabled : on ? Role::accent : Role::quiet);
    const QRectF box = QRectF(option->rect).adjusted(.5, .5, -.5, -.5);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(frame, 1));
    painter->setBrush(on ? frame : theme.colour(Role::window));
    painter->drawRoundedRect(box, 3, 3);
    if (on) {
        painter->setPen(QPen(theme.colour(Role::onAccent), 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        const auto at = [&](double x, double y) { return box.topLeft() + QPointF(x * box.width(), y * box.height()); };
        painter->drawPolyline(QPolygonF({at(.24, .52), at(.43, .72), at(.77, .3)}));
    }
    painter->restore();
}

} // namespace foveate::ui
