// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/Accessible.h"

#include "ui/views/Controls.h"
#include "ui/views/ImageCanvas.h"

#include <QAccessible>
#include <QAccessibleWidget>

namespace foveate::ui {

namespace {

QAccessibleInterface* describe(const QString&, QObject* object)
{
    if (auto* canvas = qobject_cast<ImageCanvas*>(object))
        return new QAccessibleWidget(canvas, QAccessible::Graphic);
    if (auto* toast = qobject_cast<Toast*>(object))
        return new QAccessibleWidget(toast, QAccessible::AlertMessage);
    return nullptr;
}

} // namespace

void installAccessibility()
{
    static const bool kInstalled = [] {
        QAccessible::installFactory(&describe);
        return true;
    }();
    static_cast<void>(kInstalled);
}

} // namespace foveate::ui
