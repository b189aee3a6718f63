// SPDX-License-Identifier: GPL-3.0-or-later
// The program's own icons (resources/icons/*.svg, 20 px, one stroke width), drawn in a role's colour.
#pragma once

#include "ui/models/Theme.h"

#include <QIcon>
#include <QPixmap>

namespace foveate::ui {

/// Normal and disabled states in the current theme's colours; made anew after a change of theme.
QIcon icon(const QString& name, Role role = Role::text);

/// One picture of `size` logical pixels for a screen of `ratio`.
QPixmap iconPixmap(const QString& name, const QColor& colour, int size, double ratio);

} // namespace foveate::ui
