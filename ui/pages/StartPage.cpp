// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/StartPage.h"

#include "ui/models/EngineText.h"
#include "ui/views/Controls.h"
#include "ui/views/Icons.h"

#include <QDateTime>
#include <QFrame>
#include <QHBoxLayout>
#include <QListWidget>
#include <QLocale>
#include <QProgressBar>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace foveate::ui {

namespace {

constexpr int kColumnWidth = 320, kRecentWidth = 480, kFolderRole = Qt::UserRole;

QString itemText(const RecentProject& project)
{
    const QDateTime when = QDateTime::fromString(project.opened, Qt::ISODate);
    QStringList second;
    if (!project.progress.isEmpty())
        second << project.progress;
    if (when.isValid())
        second << QLocale().toString(when.toLocalTime(), QLocale::ShortFormat);
    return visibleText(project.name) + u'\n' + second.join(QStringLiteral(" · "));
}

} // namespace

StartPage::StartPage(QWidget* parent) : QWidget(parent), m_stack(new QStackedWidget(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack);
    auto* page = new QWidget(m_stack);
    auto* centred = new QVBoxLayout(page);
    centred->addStretch(2);
    auto* row = new QHBoxLayout;
    row->setSpacing(64);
    row->addStretch(1);
    row->addWidget(buildChoices(), 0, Qt::AlignTop);
    row->addWidget(buildRecent(), 0, Qt::AlignTop);
    row->addStretch(1);
    centred->addLayout(row);
    centred->addStretch(3);
    m_stack->addWidget(page);
    m_stack->addWidget(buildBusy());
}

QWidget* StartPage::buildChoices()
{
    auto* box = new QWidget(this);
    box->setFixedWidth(kColumnWidth);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(makeLabel(tr("Foveate"), TextType::page, box));
    auto* words = makeLabel(tr("Label the images that teach the model most."), TextType::quiet, box);
    words->setWordWrap(true);
    column->addWidget(words);
    column->addSpacing(16);
    struct Offer {
        QString text, icon;
        void (StartPage::*signal)();
        bool primary;
    };
    for (const Offer& choice :
         {Offer{tr("New project…"), QStringLiteral("new"), &StartPage::newWanted, true},
          Offer{tr("Open project…"), QStringLiteral("open"), &StartPage::openWanted, false},
          Offer{tr("Try the demo (1 min, no download)"), QStringLiteral("demo"), &StartPage::demoWanted, false}}) {
        auto* button = makeButton(choice.text, choice.icon, box, choice.primary);
        button->setStyleSheet(QStringLiteral("text-align: left;"));
        connect(button, &QPushButton::clicked, this, choice.signal);
        column->addWidget(button);
        m_choices.append(button);
    }
    column->addSpacing(16);
    auto* drop =
        makeLabel(tr("Or drop a folder, a table (CSV) or an image anywhere in this window."), TextType::caption, box);
    drop->setWordWrap(true);
    column->addWidget(drop);
    return box;
}

QWidget* StartPage::buildRecent()
{
    auto* box = new QWidget(this);
    box->setFixedWidth(kRecentWidth);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 4, 0, 0);
    column->setSpacing(16);
    column->addWidget(makeLabel(tr("Recent projects"), TextType::section, box));
    m_recent = new QListWidget(box);
    m_recent->setAccessibleName(tr("Recent projects"));
    m_recent->setSpacing(2);
    m_recent->setMinimumHeight(320);
    m_recent->setFrameShape(QFrame::NoFrame);
    m_recent->setObjectName(QStringLiteral("recent"));
    connect(m_recent, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem* item) { Q_EMIT projectWanted(item->data(kFolderRole).toString()); });
    connect(m_recent, &QListWidget::itemClicked, this,
            [this](const QListWidgetItem* item) { Q_EMIT projectWanted(item->data(kFolderRole).toString()); });
    auto* none = makeLabel(tr("None yet. The demo shows everything with images that the program makes itself."),
                           TextType::quiet, box);
    none->setWordWrap(true);
    m_none = none;
    column->addWidget(m_recent);
    column->addWidget(m_none);
    return box;
}

QWidget* StartPage::buildBusy()
{
    auto* page = new QWidget(m_stack);
    auto* column = new QVBoxLayout(page);
    column->setSpacing(12);
    column->addStretch(1);
    m_what = makeLabel({}, TextType::section, page);
    m_count = makeLabel({}, TextType::quiet, page);
    m_bar = new QProgressBar(page);
    m_bar->setFixedWidth(kRecentWidth);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Import"));
    auto* cancel = makeButton(tr("Cancel"), {}, page);
    connect(cancel, &QPushButton::clicked, this, &StartPage::cancelWanted);
    for (QWidget* widget : {static_cast<QWidget*>(m_what), static_cast<QWidget*>(m_bar), static_cast<QWidget*>(m_count),
                            static_cast<QWidget*>(cancel)})
        column->addWidget(widget, 0, Qt::AlignHCenter);
    column->addStretch(1);
    return page;
}

void StartPage::setRecent(const QList<RecentProject>& projects)
{
    m_recent->clear();
    for (const RecentProject& project : projects) {
        auto* item =
            new QListWidgetItem(icon(QStringLiteral("folder-image"), Role::quiet), itemText(project), m_recent);
        item->setData(kFolderRole, project.folder);
        item->setSizeHint({0, 52});
    }
    m_recent->setVisible(!projects.isEmpty());
    m_none->setVisible(projects.isEmpty());
}

void StartPage::setBusy(bool busy, const QString& what)
{
    m_what->setText(what);
    m_count->clear();
    m_bar->setRange(0, 0);
    m_stack->setCurrentIndex(busy ? 1 : 0);
}

void StartPage::setProgress(const Progress& progress)
{
    if (progress.of <= 0)
        return;
    m_bar->setRange(0, 1000);
    m_bar->setValue(int(1000 * progress.step / progress.of));
    const QLocale locale;
    const QString left = durationText(progress.remaining);
    const QString count =
        tr("%1 of %2").arg(locale.toString(qlonglong(progress.step)), locale.toString(qlonglong(progress.of)));
    m_count->setText(left.isEmpty() ? count : tr("%1, %2 left").arg(count, left));
}

void StartPage::restyle()
{
    static const QStringList kIcons{QStringLiteral("new"), QStringLiteral("open"), QStringLiteral("demo")};
    for (int i = 0; i < m_choices.size(); ++i)
        m_choices[i]->setIcon(icon(kIcons[i], i == 0 ? Role::onAccent : Role::text));
    for (int i = 0; i < m_recent->count(); ++i)
        m_recent->item(i)->setIcon(icon(QStringLiteral("folder-image"), Role::quiet));
}

} // namespace foveate::ui
