// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/CanvasMessage.h"

#include "ui/models/Theme.h"
#include "ui/views/Controls.h"
#include "ui/views/Icons.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace foveate::ui {

CanvasMessage::CanvasMessage(QWidget* parent)
    : QWidget(parent), m_icon(new QLabel(this)), m_title(makeLabel({}, TextType::section, this)),
      m_detail(makeLabel({}, TextType::body, this)), m_row(new QHBoxLayout)
{
    setAttribute(Qt::WA_OpaquePaintEvent);
    auto* column = new QVBoxLayout(this);
    column->setSpacing(12);
    column->addStretch(1);
    for (QLabel* label : {m_icon, m_title, m_detail}) {
        label->setAlignment(Qt::AlignCenter);
        column->addWidget(label, 0, Qt::AlignHCenter);
    }
    m_detail->setWordWrap(true);
    m_detail->setFixedWidth(480);
    m_detail->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_row->setSpacing(8);
    auto* centred = new QHBoxLayout;
    centred->addStretch(1);
    centred->addLayout(m_row);
    centred->addStretch(1);
    column->addSpacing(4);
    column->addLayout(centred);
    column->addStretch(1);
}

void CanvasMessage::display(const QString& iconName, const QString& title, const QString& detail,
                            const QList<MessageAction>& actions)
{
    m_icon->setPixmap(iconPixmap(iconName, Theme::current().colour(Role::canvasQuiet), 40, devicePixelRatioF()));
    m_title->setText(title);
    m_title->setAccessibleName(title);
    m_detail->setText(detail);
    m_detail->setVisible(!detail.isEmpty());
    // The canvas is dark in every theme, so its words have roles of their own.
    for (QLabel* label : {m_title, m_detail}) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText,
                         Theme::current().colour(label == m_title ? Role::canvasText : Role::canvasQuiet));
        label->setPalette(palette);
    }
    while (QLayoutItem* item = m_row->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    for (const MessageAction& action : actions) {
        QPushButton* button = makeButton(action.text, {}, this, action.primary);
        connect(button, &QPushButton::clicked, this, action.run);
        m_row->addWidget(button);
    }
}

QString CanvasMessage::title() const
{
    return m_title->text();
}

void CanvasMessage::paintEvent(QPaintEvent*)
{
    QPainter(this).fillRect(rect(), Theme::current().colour(Role::canvas));
}

} // namespace foveate::ui
