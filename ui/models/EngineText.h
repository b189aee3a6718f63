// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's state in words: for the chip, the strip and the log.
#pragma once

#include "session/WorkspaceTypes.h"
#include "ui/models/Theme.h"

#include <QString>
#include <QStringList>

namespace foveate::ui {

struct ChipText {
    QString words, explanation;
    Role role = Role::quiet;
};

ChipText engineChip(const session::EngineView& view);
/// "epoch 3 of 25, about 20 s"; empty when nothing is known.
QString progressText(const Progress& progress);
/// "about 20 s", "about 3 min"; empty for an unknown time (< 0).
QString durationText(double seconds);
/// A line of the log, by WorkspaceTraining::logged.
QString logText(const QString& code, const QStringList& args);
bool isScoring(const Progress& progress);

} // namespace foveate::ui
