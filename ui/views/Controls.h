// SPDX-License-Identifier: GPL-3.0-or-later
// Small pieces that every page uses: typed labels, rules, chips, buttons with an icon and a name.
#pragma once

#include "ui/models/Theme.h"

#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

class QTimer;

class QFrame;

namespace foveate::ui {

enum class TextType { body, quiet, caption, section, page };
/// Plain text only: names of classes, files and patients come from outside and are never read as rich text.
QLabel* makeLabel(const QString& text, TextType type, QWidget* parent);
/// The title of a card, with or without buttons beside it.
QLabel* makeCardTitle(const QString& text, QWidget* parent);
QFrame* makeRule(QWidget* parent, Qt::Orientation orientation = Qt::Horizontal);
QPushButton* makeButton(const QString& text, const QString& iconName, QWidget* parent, bool primary = false);
/// A fixed-width face for numbers that change.
QFont numberFont(const QFont& base);

/// A state in the top bar: a coloured dot or icon, a word or two, a tooltip. Clickable.
class Chip : public QToolButton {
    Q_OBJECT
public:
    explicit Chip(const QString& iconName, QWidget* parent);
    void setIconName(const QString& iconName) { m_iconName = iconName; }
    void display(const QString& text, const QString& explanation, Role role);

protected:
    void changeEvent(QEvent* event) override;

private:
    QString m_iconName;
    Role m_role = Role::quiet;
};

/// A combo box whose arrow is drawn in the theme's colour, which a style sheet cannot do.
class Choice : public QComboBox {
    Q_OBJECT
public:
    using QComboBox::QComboBox;

protected:
    void paintEvent(QPaintEvent* event) override;
};

/// "Number 7 was taken." — a line that comes and goes by itself, and that assistive programs read out.
class Toast : public QLabel {
    Q_OBJECT
public:
    explicit Toast(QWidget* parent);
    void say(const QString& text, int milliseconds = 4000);

private:
    QTimer* m_timer;
};

/// Text for a tooltip that is never read as markup.
QString tooltipText(const QString& text);
/// Doubles '&', so that a name is shown as it is on buttons and menus.
QString asButtonText(QString name);
/// Control, bidirectional and zero-width characters as \u{…}: a file's name cannot disguise itself.
QString visibleText(const QString& text);

} // namespace foveate::ui
