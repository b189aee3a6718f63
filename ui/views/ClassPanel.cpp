// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/ClassPanel.h"

#include "ui/models/Theme.h"
#include "ui/views/Controls.h"
#include "ui/views/Icons.h"

#include <QPainter>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

namespace foveate::ui {

namespace {

constexpr int kHeight = 40, kHeightWay = 32, kCap = 24, kCapWide = 32, kShape = 16, kFlash = 120;

} // namespace

QString classKey(int index)
{
    if (index < 0 || index >= 20)
        return {};
    const QString digit = QString::number((index + 1) % 10);
    return index < 10 ? digit : QStringLiteral("⇧") + digit;
}

ClassButton::ClassButton(int index, const QString& name, const QString& key, QWidget* parent, const QString& iconName)
    : QAbstractButton(parent), m_index(index), m_key(key), m_iconName(iconName)
{
    setText(name);
    setObjectName(QStringLiteral("class-%1").arg(index));
    setAccessibleName(name);
    setAccessibleDescription(key.isEmpty() ? tr("No key") : tr("Key %1").arg(key));
    setToolTip(tooltipText(key.isEmpty() ? name : tr("%1, key %2").arg(name, key)));
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    setMinimumHeight(index < 0 ? kHeightWay : kHeight);
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
    return {kCapWide + kShape + 40 + fontMetrics().horizontalAdvance(text()), minimumHeight()};
}

void ClassButton::drawFrame(QPainter& painter) const
{
    const Theme& theme = Theme::current();
    const bool raised = isEnabled() && (underMouse() || isDown() || m_lit || m_chosen);
    if (m_index < 0 && !raised && !hasFocus())
        return;
    painter.setPen(hasFocus() ? QPen(theme.colour(Role::accent), 2)
                              : QPen(theme.colour(m_chosen || m_lit ? Role::accent : Role::line), 1));
    painter.setBrush(theme.colour(raised ? Role::raised : Role::panel));
    const double inset = hasFocus() ? 1 : 0.5;
    painter.drawRoundedRect(QRectF(rect()).adjusted(inset, inset, -inset, -inset), 6, 6);
}

void ClassButton::drawCap(QPainter& painter, const QRectF& box) const
{
    if (m_key.isEmpty())
        return;
    const Theme& theme = Theme::current();
    painter.setPen(QPen(theme.colour(Role::line), 1));
    painter.setBrush(theme.colour(Role::window));
    painter.drawRoundedRect(box, 4, 4);
    painter.setPen(theme.colour(isEnabled() ? Role::quiet : Role::disabled));
    painter.drawText(box, Qt::AlignCenter, m_key);
}

void ClassButton::drawSign(QPainter& painter, const QRectF& box) const
{
    const Theme& theme = Theme::current();
    if (m_index < 0) {
        const QColor colour = theme.colour(isEnabled() ? Role::text : Role::disabled);
        painter.drawPixmap(box.topLeft() - QPointF(2, 2), iconPixmap(m_iconName, colour, 20, devicePixelRatioF()));
        return;
    }
    const QColor fill = theme.classColour(m_index);
    // A pale class colour on a light panel needs an edge to be seen.
    painter.setPen(contrast(fill, theme.colour(Role::panel)) < 3 ? QPen(theme.colour(Role::quiet), 1) : Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPath(classShape(m_index, box));
}

void ClassButton::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    drawFrame(painter);
    const QRectF cap(8.5, height() / 2.0 - 12 + (height() % 2 ? 0 : 0.5), m_key.size() > 1 ? kCapWide : kCap, 23);
    drawCap(painter, cap);
    const QRectF sign(cap.right() + 12, height() / 2.0 - kShape / 2.0, kShape, kShape);
    drawSign(painter, sign);
    painter.setPen(Theme::current().colour(isEnabled() ? Role::text : Role::disabled));
    const QRectF words(sign.right() + 12, 0, width() - sign.right() - 20, height());
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

void ClassPanel::setChosen(const std::vector<std::size_t>& indices)
{
    for (ClassButton* button : m_buttons)
        button->setChosen(std::find(indices.begin(), indices.end(), std::size_t(button->index())) != indices.end());
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
