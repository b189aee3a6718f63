// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/ClassPanel.h"

#include "ui/models/Theme.h"
#include "ui/views/Controls.h"

#include <QPainter>
#include <QTimer>
#include <QVBoxLayout>

namespace foveate::ui {

namespace {

constexpr int kHeight = 40, kCap = 24, kCapWide = 32, kShape = 16, kFlash = 120;

} // namespace

QString classKey(int index)
{
    if (index < 0 || index >= 20)
        return {};
    const QString digit = QString::number((index + 1) % 10);
    return index < 10 ? digit : QStringLiteral("⇧") + digit;
}

ClassButton::ClassButton(int index, const QString& name, const QString& key, QWidget* parent)
    : QAbstractButton(parent), m_index(index), m_key(key)
{
    setText(name);
    setObjectName(QStringLiteral("class-%1").arg(index));
    setAccessibleName(name);
    setAccessibleDescription(key.isEmpty() ? tr("No key") : tr("Key %1").arg(key));
    setToolTip(tooltipText(key.isEmpty() ? name : tr("%1, key %2").arg(name, key)));
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    setMinimumHeight(kHeight);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ClassButton::setChosen(bool chosen)
{
    m_chosen = chosen;
    setAccessibleDescription(chosen ? tr("Key %1, the label now").arg(m_key) : tr("Key %1").arg(m_key));
    update();
}

void ClassButton::flash()
{
    m_lit = true;
    update();
    QTimer::singleShot(kFlash, this, [this] {
        m_lit = false;
        update();
    });
}

QSize ClassButton::sizeHint() const
{
    return {kCapWide + kShape + 40 + fontMetrics().horizontalAdvance(text()), kHeight};
}

void ClassButton::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::current();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF frame = QRectF(rect()).adjusted(1, 1, -1, -1);
    const bool raised = underMouse() || isDown() || m_lit || m_chosen;
    painter.setPen(hasFocus() ? QPen(theme.colour(Role::accent), 2)
                              : QPen(theme.colour(m_chosen || m_lit ? Role::accent : Role::line), 1));
    painter.setBrush(raised ? theme.colour(Role::raised) : theme.colour(Role::panel));
    painter.drawRoundedRect(frame, 6, 6);

    const QColor textColour = theme.colour(isEnabled() ? Role::text : Role::disabled);
    const int cap = m_key.size() > 1 ? kCapWide : kCap;
    const QRectF capBox(8.5, height() / 2.0 - 12, cap, 24);
    if (!m_key.isEmpty()) {
        painter.setPen(QPen(theme.colour(Role::line), 1));
        painter.setBrush(theme.colour(Role::window));
        painter.drawRoundedRect(capBox, 4, 4);
        painter.setPen(theme.colour(isEnabled() ? Role::quiet : Role::disabled));
        painter.drawText(capBox, Qt::AlignCenter, m_key);
    }
    const QRectF shapeBox(capBox.right() + 12, height() / 2.0 - kShape / 2.0, kShape, kShape);
    const QColor fill = theme.classColour(m_index);
    // A pale class colour on a light panel needs an edge to be seen.
    painter.setPen(contrast(fill, theme.colour(Role::panel)) < 3 ? QPen(theme.colour(Role::quiet), 1) : Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPath(classShape(m_index, shapeBox));

    painter.setPen(textColour);
    const QRectF words(shapeBox.right() + 12, 0, width() - shapeBox.right() - 20, height());
    painter.drawText(words, Qt::AlignVCenter | Qt::AlignLeft,
                     fontMetrics().elidedText(text(), Qt::ElideRight, int(words.width())));
}

ClassPanel::ClassPanel(QWidget* parent) : QWidget(parent), m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(8);
    setAccessibleName(tr("Classes"));
}

void ClassPanel::setClasses(const QStringList& names)
{
    qDeleteAll(m_buttons);
    m_buttons.clear();
    // More than eight classes: closer together, so that twenty still fit without scrolling at 800 px.
    m_column->setSpacing(names.size() > 8 ? 4 : 8);
    for (int i = 0; i < names.size(); ++i) {
        auto* button = new ClassButton(i, names[i], classKey(i), this);
        if (names.size() > 8)
            button->setMinimumHeight(32);
        connect(button, &QAbstractButton::clicked, this, [this, i] { Q_EMIT chosen(i); });
        m_column->addWidget(button);
        m_buttons.append(button);
    }
}

void ClassPanel::setChosen(std::optional<int> index)
{
    for (ClassButton* button : m_buttons)
        button->setChosen(index && *index == button->index());
}

void ClassPanel::flash(int index)
{
    if (index >= 0 && index < m_buttons.size())
        m_buttons[index]->flash();
}

void ClassPanel::setArmed(bool armed)
{
    for (ClassButton* button : m_buttons)
        button->setEnabled(armed);
}

} // namespace foveate::ui
