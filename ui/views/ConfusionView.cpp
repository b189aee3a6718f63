// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/ConfusionView.h"

#include "ui/models/Theme.h"
#include "ui/views/Controls.h"
#include "ui/views/Icons.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPainter>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

namespace foveate::ui {

namespace {

constexpr int kHead = 24;

QColor mix(const QColor& a, const QColor& b, double t)
{
    const auto blend = [t](double x, double y) { return float(x + (y - x) * t); };
    return QColor::fromRgbF(blend(a.redF(), b.redF()), blend(a.greenF(), b.greenF()), blend(a.blueF(), b.blueF()));
}

} // namespace

ConfusionGrid::ConfusionGrid(QWidget* parent) : QWidget(parent)
{}

void ConfusionGrid::setConfusion(const Confusion& confusion)
{
    m_confusion = confusion;
    QStringList words;
    for (int row = 0; row < confusion.classes.size(); ++row) {
        const auto& counts = confusion.counts[std::size_t(row)];
        words << tr("%1: %2 of %3 right")
                     .arg(confusion.classes[row])
                     .arg(counts[std::size_t(row)])
                     .arg(std::accumulate(counts.begin(), counts.end(), 0));
    }
    setAccessibleName(tr("Confusion matrix"));
    setAccessibleDescription(words.join(QStringLiteral("; ")));
    update();
}

void ConfusionGrid::paintEvent(QPaintEvent*)
{
    const int n = int(m_confusion.classes.size());
    if (n == 0)
        return;
    const Theme& theme = Theme::current();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    int widest = 0;
    for (const QString& name : m_confusion.classes)
        widest = std::max(widest, fontMetrics().horizontalAdvance(name));
    const int side = std::min(widest + 12, width() / 3);
    const double wide = std::clamp((width() - side) / double(n), 16.0, 112.0);
    const double tall = std::clamp((height() - kHead) / double(n), 16.0, 64.0);
    for (int i = 0; i < n; ++i) {
        painter.setPen(theme.colour(Role::quiet));
        const QString name = m_confusion.classes[i];
        painter.drawText(QRectF(0, kHead + i * tall, side - 8, tall), Qt::AlignRight | Qt::AlignVCenter,
                         fontMetrics().elidedText(name, Qt::ElideRight, side - 8));
        painter.drawText(QRectF(side + i * wide, 0, wide, kHead), Qt::AlignCenter,
                         fontMetrics().elidedText(name, Qt::ElideRight, int(wide) - 4));
    }
    for (int row = 0; row < n; ++row) {
        const auto& counts = m_confusion.counts[std::size_t(row)];
        const int total = std::max(1, std::accumulate(counts.begin(), counts.end(), 0));
        for (int column = 0; column < n; ++column) {
            const int count = counts[std::size_t(column)];
            const QColor fill = mix(theme.colour(Role::window), theme.colour(Role::accent), double(count) / total);
            const QRectF box(side + column * wide, kHead + row * tall, wide - 2, tall - 2);
            painter.setPen(row == column ? QPen(theme.colour(Role::quiet), 1) : Qt::NoPen);
            painter.setBrush(fill);
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 3, 3);
            const bool dark = contrast(fill, theme.colour(Role::text)) >= contrast(fill, theme.colour(Role::onAccent));
            painter.setPen(theme.colour(dark ? Role::text : Role::onAccent));
            painter.drawText(box, Qt::AlignCenter, QString::number(count));
        }
    }
}

ConfusionView::ConfusionView(QWidget* parent)
    : QWidget(parent), m_stack(new QStackedWidget(this)), m_grid(new ConfusionGrid(this)),
      m_table(new QTableWidget(this)), m_empty(makeLabel({}, TextType::quiet, this)),
      m_caption(makeLabel({}, TextType::caption, this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    auto* head = new QHBoxLayout;
    head->addWidget(makeCardTitle(tr("Confusion matrix"), this));
    head->addStretch(1);
    auto* toggle = new QToolButton(this);
    toggle->setIcon(icon(QStringLiteral("table"), Role::quiet));
    toggle->setCheckable(true);
    toggle->setToolTip(tr("As a table"));
    toggle->setAccessibleName(tr("Confusion matrix as a table"));
    connect(toggle, &QToolButton::toggled, this, &ConfusionView::showTable);
    head->addWidget(toggle);
    m_switch = toggle;
    column->addLayout(head);
    column->addWidget(m_caption);
    column->addWidget(m_stack, 1);
    for (QWidget* page : {static_cast<QWidget*>(m_grid), static_cast<QWidget*>(m_table), m_empty})
        m_stack->addWidget(page);
    static_cast<QLabel*>(m_empty)->setWordWrap(true);
    static_cast<QLabel*>(m_empty)->setAlignment(Qt::AlignCenter);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setAccessibleName(tr("Confusion matrix, rows: what is known, columns: the model"));
    setConfusion({}, {});
}

void ConfusionView::setConfusion(const Confusion& confusion, const QString& emptyText)
{
    const int n = int(confusion.classes.size());
    static_cast<QLabel*>(m_empty)->setText(emptyText);
    static_cast<QLabel*>(m_caption)->setText(confusion.caption);
    m_caption->setVisible(!confusion.empty());
    m_switch->setVisible(!confusion.empty());
    m_grid->setConfusion(confusion);
    m_table->setRowCount(n);
    m_table->setColumnCount(n);
    m_table->setHorizontalHeaderLabels(confusion.classes);
    m_table->setVerticalHeaderLabels(confusion.classes);
    for (int row = 0; row < n; ++row)
        for (int column = 0; column < n; ++column)
            m_table->setItem(
                row, column,
                new QTableWidgetItem(QString::number(confusion.counts[std::size_t(row)][std::size_t(column)])));
    if (confusion.empty())
        m_stack->setCurrentWidget(m_empty);
    else
        showTable(m_asTable);
}

void ConfusionView::showTable(bool table)
{
    m_asTable = table;
    m_stack->setCurrentWidget(table ? static_cast<QWidget*>(m_table) : m_grid);
}

} // namespace foveate::ui
