// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/Controls.h"

#include "ui/views/Icons.h"

#include <QEvent>
#include <QFrame>
#include <QPainter>
#include <QStyle>
#include <QTimer>

namespace foveate::ui {

QLabel* makeLabel(const QString& text, TextType type, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    switch (type) {
    case TextType::body: break;
    case TextType::quiet: label->setProperty("type", "quiet"); break;
    case TextType::caption: label->setProperty("type", "caption"); break;
    case TextType::section: label->setProperty("type", "section"); break;
    case TextType::page: label->setProperty("type", "page"); break;
    }
    return label;
}

QLabel* makeCardTitle(const QString& text, QWidget* parent)
{
    QLabel* title = makeLabel(text, TextType::section, parent);
    title->setMinimumHeight(32); // as high as a button beside it: the titles of neighbouring cards are in line
    return title;
}

QFrame* makeRule(QWidget* parent, Qt::Orientation orientation)
{
    auto* rule = new QFrame(parent);
    rule->setObjectName(QStringLiteral("rule"));
    if (orientation == Qt::Horizontal)
        rule->setFixedHeight(1);
    else
        rule->setFixedWidth(1);
    return rule;
}

QPushButton* makeButton(const QString& text, const QString& iconName, QWidget* parent, bool primary)
{
    auto* button = new QPushButton(text, parent);
    button->setProperty("primary", primary);
    if (!iconName.isEmpty())
        button->setIcon(icon(iconName, primary ? Role::onAccent : Role::text));
    button->setIconSize({20, 20});
    button->setAutoDefault(false);
    return button;
}

QFont numberFont(const QFont& base)
{
    // Qt 6.4 cannot ask a face for tabular figures; those of the default sans faces are tabular already, and
    // a hint for the rest does no harm.
    QFont font = base;
    font.setKerning(false);
    return font;
}

Chip::Chip(const QString& iconName, QWidget* parent) : QToolButton(parent), m_iconName(iconName)
{
    setProperty("chip", true);
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setIconSize({14, 14});
    setCursor(Qt::PointingHandCursor);
}

void Chip::display(const QString& text, const QString& explanation, Role role)
{
    m_role = role;
    setIcon(ui::icon(m_iconName, role));
    setText(asButtonText(text));
    setToolTip(explanation);
    setAccessibleName(text);
    setAccessibleDescription(explanation);
}

void Chip::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        setIcon(ui::icon(m_iconName, m_role));
    QToolButton::changeEvent(event);
}

void Choice::paintEvent(QPaintEvent* event)
{
    QComboBox::paintEvent(event);
    const QColor colour = Theme::current().colour(isEnabled() ? Role::quiet : Role::disabled);
    QPainter(this).drawPixmap(QPointF(width() - 28, height() / 2.0 - 10),
                              iconPixmap(QStringLiteral("chevron"), colour, 20, devicePixelRatioF()));
}

Toast::Toast(QWidget* parent) : QLabel(parent), m_timer(new QTimer(this))
{
    setTextFormat(Qt::PlainText);
    setProperty("type", "quiet");
    m_timer->setSingleShot(true);
    connect(m_timer, &QTimer::timeout, this, [this] { clear(); });
}

void Toast::say(const QString& text, int milliseconds)
{
    setText(text);
    setAccessibleName(text);
    m_timer->start(milliseconds);
}

QString tooltipText(const QString& text)
{
    return QStringLiteral("<span>%1</span>").arg(text.toHtmlEscaped());
}

QString asButtonText(QString name)
{
    return name.replace(u'&', QStringLiteral("&&"));
}

QString visibleText(const QString& text)
{
    QString out;
    for (const QChar c : text) {
        const ushort u = c.unicode();
        const bool hidden = u < 0x20 || (u >= 0x7f && u < 0xa0) || (u >= 0x200b && u <= 0x200f) ||
                            (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069) || u == 0xfeff;
        out += hidden ? QStringLiteral("\\u{%1}").arg(u, 4, 16, QLatin1Char('0')) : QString(c);
    }
    return out;
}

} // namespace foveate::ui
