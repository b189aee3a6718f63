// SPDX-License-Identifier: GPL-3.0-or-later
// The manual (F1), the sheet of keys made from the live actions (?), About, and the import's report.
#pragma once

#include "session/Importer.h"

#include <QList>
#include <QString>

class QAction;
class QDialog;
class QWidget;

namespace foveate::ui {

/// Shown without blocking; deleted when closed.
QDialog* showManual(QWidget* parent);
QDialog* showKeySheet(const QList<std::pair<QString, QList<QAction*>>>& groups, QWidget* parent);
QDialog* showAbout(QWidget* parent);
/// What came in and what did not, with its reason. Nothing is shown when nothing failed.
QDialog* showImportReport(const session::ImportReport& report, QWidget* parent);
QDialog* showSentence(const QString& title, const QString& sentence, QWidget* parent);

} // namespace foveate::ui
