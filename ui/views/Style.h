// SPDX-License-Identifier: GPL-3.0-or-later
// Style: Fusion, with boxes to tick whose frame is seen in every theme (Fusion's is a shade of the window's colour).
#pragma once

#include <QProxyStyle>

namespace foveate::ui {

class Style : public QProxyStyle {
    Q_OBJECT
public:
    Style() : QProxyStyle(QStringLiteral("Fusion")) {}
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
};

} // namespace foveate::ui
