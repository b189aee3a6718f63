// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/Icons.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>

namespace foveate::ui {

QPixmap iconPixmap(const QString& name, const QColor& colour, int size, double ratio)
{
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    const bool opened = file.open(QIODevice::ReadOnly);
    Q_ASSERT_X(opened, "iconPixmap", "unknown icon");
    QByteArray source = opened ? file.readAll() : QByteArray();
    source.replace("currentColor", colour.name().toLatin1());
    QPixmap pixmap(QSize(size, size) * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    QSvgRenderer(source).render(&painter, QRectF(0, 0, size, size));
    return pixmap;
}

QIcon icon(const QString& name, Role role)
{
    QIcon result;
    for (const double ratio : {1.0, 2.0}) {
        result.addPixmap(iconPixmap(name, Theme::current().colour(role), 20, ratio), QIcon::Normal);
        result.addPixmap(iconPixmap(name, Theme::current().colour(Role::disabled), 20, ratio), QIcon::Disabled);
    }
    return result;
}

} // namespace foveate::ui
