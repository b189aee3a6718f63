// SPDX-License-Identifier: GPL-3.0-or-later
// Where things lie on the Read page: panel on the right, strip below, banner above.
#include "ui/pages/ReadPage.h"

#include "ui/views/ClassPanel.h"
#include "ui/views/Controls.h"
#include "ui/views/FilmStrip.h"
#include "ui/views/Icons.h"
#include "ui/views/OverlayBar.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QVBoxLayout>

namespace foveate::ui {

namespace {

constexpr int kPanelWidth = 256;

} // namespace

QWidget* ReadPage::buildPanel()
{
    auto* panel = new QFrame(this);
    panel->setObjectName(QStringLiteral("panel"));
    panel->setFixedWidth(kPanelWidth);
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(12);
    m_question = makeLabel(tr("Which is it?"), TextType::section, panel);
    column->addWidget(m_question);
    m_classes = new ClassPanel(panel);
    connect(m_classes, &ClassPanel::chosen, this, &ReadPage::label);
    column->addWidget(m_classes);

    m_confirm = new ClassButton(-1, tr("These apply"), tr("↵"), panel, QStringLiteral("check"));
    connect(m_confirm, &QAbstractButton::clicked, this, &ReadPage::confirm);
    column->addWidget(m_confirm);

    struct Way {
        QString name, key, icon;
        void (ReadPage::*run)();
    };
    auto* ways = new QVBoxLayout;
    ways->setSpacing(4);
    for (const Way& way : {Way{tr("Unsure"), tr("U"), QStringLiteral("unsure"), &ReadPage::unsure},
                           Way{tr("Skip for later"), tr("S"), QStringLiteral("skip"), &ReadPage::skip},
                           Way{tr("Ungradable"), tr("X"), QStringLiteral("ungradable"), &ReadPage::ungradable}}) {
        auto* button = new ClassButton(-1, way.name, way.key, panel, way.icon);
        connect(button, &QAbstractButton::clicked, this, way.run);
        ways->addWidget(button);
        m_ways.append(button);
    }
    column->addLayout(ways);
    column->addWidget(makeRule(panel));
    m_note = new QLineEdit(panel);
    m_note->setPlaceholderText(tr("Note on this image"));
    m_note->setAccessibleName(tr("Note on this image"));
    m_note->setToolTip(tr("Enter keeps the note"));
    m_note->setMaxLength(2000);
    m_note->setFocusPolicy(Qt::StrongFocus);
    connect(m_note, &QLineEdit::returnPressed, this, &ReadPage::saveNote);
    column->addWidget(m_note);
    column->addStretch(1);
    m_overlay = new OverlayBar(panel);
    connect(m_overlay, &OverlayBar::changed, this, [this] {
        refreshReveal();
        Q_EMIT overlayToggled(m_overlay->overlayOn());
    });
    connect(m_overlay, &OverlayBar::methodChosen, this,
            [this](const QString& method) { m_workspace.setMapMethod(method.toStdString()); });
    connect(m_overlay, &OverlayBar::modelChosen, this,
            [this](const QString& run) { m_workspace.askModel(run.toStdString()); });
    column->addWidget(m_overlay);
    return panel;
}

QWidget* ReadPage::buildStrip()
{
    auto* bar = new QFrame(this);
    bar->setObjectName(QStringLiteral("bar"));
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(16, 8, 16, 8);
    row->setSpacing(16);
    m_strip = new FilmStrip(bar);
    connect(m_strip, &FilmStrip::chosen, this,
            [this](const QString& sample) { m_workspace.reading().revisit(sample.toStdString()); });
    row->addWidget(m_strip);
    auto* words = new QVBoxLayout;
    words->setSpacing(4);
    m_toast = new Toast(bar);
    m_toast->setObjectName(QStringLiteral("toast-line"));
    m_readout = makeLabel({}, TextType::caption, bar);
    m_readout->setAccessibleName(tr("Value under the cursor"));
    words->addStretch(1);
    for (QLabel* label : {static_cast<QLabel*>(m_toast), m_readout}) {
        label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        label->setFixedHeight(20);
        words->addWidget(label);
    }
    words->addStretch(1);
    row->addLayout(words, 1);
    return bar;
}

QWidget* ReadPage::buildBanner()
{
    auto* frame = new QFrame(this);
    frame->setObjectName(QStringLiteral("trouble"));
    auto* row = new QHBoxLayout(frame);
    row->setContentsMargins(16, 8, 16, 8);
    auto* mark = new QLabel(frame);
    mark->setPixmap(
        iconPixmap(QStringLiteral("warning"), Theme::current().colour(Role::caution), 20, devicePixelRatioF()));
    row->addWidget(mark);
    m_bannerText = makeLabel({}, TextType::body, frame);
    m_bannerText->setWordWrap(true);
    row->addWidget(m_bannerText, 1);
    m_bannerButton = makeButton(tr("Try again"), {}, frame);
    connect(m_bannerButton, &QPushButton::clicked, this, [this] { m_workspace.reading().retry(); });
    row->addWidget(m_bannerButton);
    m_banner = frame;
    frame->hide();
    return frame;
}

} // namespace foveate::ui
