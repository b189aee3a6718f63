// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/Help.h"

#include "base/Text.h"
#include "ui/models/ErrorText.h"
#include "ui/views/Controls.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QDir>
#include <QFile>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QListWidget>
#include <QTableWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace foveate::ui {

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Help)
};

QDialog* makeDialog(const QString& title, const QSize& size, QWidget* parent, QVBoxLayout*& column)
{
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    dialog->resize(size);
    column = new QVBoxLayout(dialog);
    column->setContentsMargins(24, 24, 24, 24);
    column->setSpacing(16);
    column->addWidget(makeLabel(title, TextType::page, dialog));
    return dialog;
}

void addClose(QDialog* dialog, QVBoxLayout* column)
{
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    auto* close = makeButton(Words::tr("Close"), {}, dialog);
    close->setDefault(true);
    QObject::connect(close, &QPushButton::clicked, dialog, &QDialog::accept);
    row->addWidget(close);
    column->addLayout(row);
}

QString readPage(const QString& name)
{
    QFile file(QStringLiteral(":/manual/") + name);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

/// A page's first heading; its file name where there is none.
QString pageTitle(const QString& name)
{
    for (const QString& line : readPage(name).split(u'\n'))
        if (line.startsWith(QLatin1String("# ")))
            return line.mid(2).trimmed();
    return name;
}

} // namespace

QDialog* showManual(QWidget* parent)
{
    QVBoxLayout* column = nullptr;
    QDialog* dialog = makeDialog(Words::tr("Manual"), {960, 680}, parent, column);
    auto* row = new QHBoxLayout;
    auto* contents = new QListWidget(dialog);
    contents->setFixedWidth(240);
    contents->setAccessibleName(Words::tr("Pages of the manual"));
    auto* text = new QTextBrowser(dialog);
    text->setObjectName(QStringLiteral("manual"));
    text->setOpenExternalLinks(false);
    text->setSearchPaths({QStringLiteral(":/manual")});
    QStringList pages = QDir(QStringLiteral(":/manual")).entryList({QStringLiteral("*.md")}, QDir::Files, QDir::Name);
    if (pages.removeAll(QStringLiteral("index.md")))
        pages.prepend(QStringLiteral("index.md"));
    for (const QString& page : pages)
        (new QListWidgetItem(pageTitle(page), contents))->setData(Qt::UserRole, page);
    QObject::connect(contents, &QListWidget::currentItemChanged, text, [text](const QListWidgetItem* item) {
        if (item)
            text->setMarkdown(readPage(item->data(Qt::UserRole).toString()));
    });
    // Links between pages name the file.
    text->setOpenLinks(false);
    QObject::connect(text, &QTextBrowser::anchorClicked, contents, [contents](const QUrl& url) {
        for (int i = 0; i < contents->count(); ++i)
            if (contents->item(i)->data(Qt::UserRole).toString() == url.fileName())
                contents->setCurrentRow(i);
    });
    contents->setCurrentRow(0);
    row->addWidget(contents);
    row->addWidget(text, 1);
    column->addLayout(row, 1);
    addClose(dialog, column);
    dialog->open();
    return dialog;
}

QDialog* showKeySheet(const QList<std::pair<QString, QList<QAction*>>>& groups, QWidget* parent)
{
    QVBoxLayout* column = nullptr;
    QDialog* dialog = makeDialog(Words::tr("Keys"), {560, 680}, parent, column);
    auto* table = new QTableWidget(0, 2, dialog);
    table->setAccessibleName(Words::tr("Keys"));
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionMode(QAbstractItemView::NoSelection);
    table->verticalHeader()->hide();
    table->horizontalHeader()->hide();
    table->setShowGrid(false);
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    table->setColumnWidth(1, 200);
    const auto add = [table](const QString& what, const QString& keys) {
        const int row = table->rowCount();
        table->insertRow(row);
        table->setItem(row, 0, new QTableWidgetItem(what));
        table->setItem(row, 1, new QTableWidgetItem(keys));
    };
    add(Words::tr("Class 1 to 10 (digit row or keypad)"), QStringLiteral("1 … 9, 0"));
    add(Words::tr("Class 11 to 20"), QStringLiteral("⇧1 … ⇧9, ⇧0"));
    for (const auto& [group, actions] : groups) {
        for (const QAction* action : actions) {
            QStringList keys;
            for (const QKeySequence& sequence : action->property("keys").value<QList<QKeySequence>>())
                keys << sequence.toString(QKeySequence::NativeText);
            if (!keys.isEmpty())
                add(QString(action->text()).section(u'\t', 0, 0).remove(u'&'), keys.join(QStringLiteral(", ")));
        }
    }
    column->addWidget(table, 1);
    addClose(dialog, column);
    dialog->open();
    return dialog;
}

QDialog* showAbout(QWidget* parent)
{
    QVBoxLayout* column = nullptr;
    QDialog* dialog =
        makeDialog(Words::tr("Foveate %1").arg(QStringLiteral(FOVEATE_VERSION)), {480, 280}, parent, column);
    column->addWidget(makeLabel(Words::tr("Not for diagnostic use."), TextType::section, dialog));
    auto* words = makeLabel(
        Words::tr("Foveate helps readers label medical images for research: the model picks what to look at "
                  "next and learns while you read. It sends nothing over any network.\n\n"
                  "Free software under the GNU General Public License, version 3 or later, without any warranty."),
        TextType::body, dialog);
    words->setWordWrap(true);
    column->addWidget(words);
    column->addStretch(1);
    addClose(dialog, column);
    dialog->open();
    return dialog;
}

QDialog* showSentence(const QString& title, const QString& sentence, QWidget* parent)
{
    QVBoxLayout* column = nullptr;
    QDialog* dialog = makeDialog(title, {520, 180}, parent, column);
    auto* words = makeLabel(sentence, TextType::body, dialog);
    words->setWordWrap(true);
    words->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addWidget(words);
    column->addStretch(1);
    addClose(dialog, column);
    dialog->open();
    return dialog;
}

QDialog* showImportReport(const session::ImportReport& report, QWidget* parent)
{
    if (report.failed.empty())
        return nullptr;
    QVBoxLayout* column = nullptr;
    QDialog* dialog = makeDialog(Words::tr("Import"), {720, 520}, parent, column);
    auto* words =
        makeLabel(Words::tr("%1 of %2 files imported; %3 duplicates, %4 passed over. These could not be read:")
                      .arg(report.imported)
                      .arg(report.files)
                      .arg(report.duplicates)
                      .arg(report.skipped),
                  TextType::body, dialog);
    words->setWordWrap(true);
    column->addWidget(words);
    auto* table = new QTableWidget(int(report.failed.size()), 2, dialog);
    table->setAccessibleName(Words::tr("Files that could not be read"));
    table->setHorizontalHeaderLabels({Words::tr("File"), Words::tr("Reason")});
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->verticalHeader()->hide();
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    table->setColumnWidth(1, 280);
    for (int i = 0; i < table->rowCount(); ++i) {
        const session::ImportFailure& failure = report.failed[std::size_t(i)];
        table->setItem(i, 0, new QTableWidgetItem(QString::fromStdString(printable(failure.file))));
        table->setItem(i, 1, new QTableWidgetItem(errorReason(failure.error.code)));
        table->item(i, 1)->setToolTip(tooltipText(errorText(failure.error)));
    }
    column->addWidget(table, 1);
    addClose(dialog, column);
    dialog->open();
    return dialog;
}

} // namespace foveate::ui
