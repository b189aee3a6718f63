// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/Charts.h"

#include "ui/models/Theme.h"
#include "ui/views/Controls.h"

#include <QEvent>
#include <QVBoxLayout>

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>

namespace foveate::ui {

namespace {

QVector<double> toVector(const std::vector<double>& values)
{
    return QVector<double>(values.begin(), values.end());
}

void styleAxis(QCPAxis* axis, const Theme& theme, const QFont& font)
{
    axis->setBasePen(QPen(theme.colour(Role::line)));
    axis->setTickPen(Qt::NoPen);
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLabelColor(theme.colour(Role::quiet));
    axis->setLabelColor(theme.colour(Role::quiet));
    axis->setTickLabelFont(font);
    axis->setLabelFont(font);
    axis->grid()->setPen(QPen(theme.colour(Role::line), 1));
    axis->grid()->setZeroLinePen(Qt::NoPen);
}

} // namespace

CurveChart::CurveChart(const QString& title, const QString& xName, const QString& yName, QWidget* parent)
    : QWidget(parent), m_title(title), m_plot(new QCustomPlot(this)), m_empty(makeLabel({}, TextType::quiet, this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(makeCardTitle(title, this));
    column->addWidget(m_plot, 1);
    column->addWidget(m_empty, 1);
    static_cast<QLabel*>(m_empty)->setWordWrap(true);
    static_cast<QLabel*>(m_empty)->setAlignment(Qt::AlignCenter);
    m_plot->setMinimumSize(120, 80);
    m_plot->xAxis->setLabel(xName);
    m_plot->yAxis->setLabel(yName);
    m_plot->xAxis->grid()->setVisible(false);
    m_plot->legend->setVisible(true);
    m_plot->legend->setBorderPen(Qt::NoPen);
    m_plot->legend->setBrush(Qt::NoBrush);
    m_plot->axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignRight | Qt::AlignTop);
    setCurves({}, {});
    restyle();
}

void CurveChart::setYRange(double low, double high)
{
    m_yRange = {low, high};
    // What is good lies high: the names go where the curve is not.
    m_plot->axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignRight | Qt::AlignBottom);
}

void CurveChart::setCurves(const std::vector<Curve>& curves, const QString& empty)
{
    m_curves = curves;
    static_cast<QLabel*>(m_empty)->setText(empty);
    m_plot->setVisible(!curves.empty());
    m_empty->setVisible(curves.empty());
    setAccessibleName(m_title);
    setAccessibleDescription(curves.empty() ? empty : summary());
    draw();
}

QString CurveChart::summary() const
{
    QStringList words;
    for (const Curve& curve : m_curves)
        if (!curve.y.empty())
            words << tr("%1: from %2 to %3, points: %4")
                         .arg(curve.name)
                         .arg(curve.y.front(), 0, 'g', 3)
                         .arg(curve.y.back(), 0, 'g', 3)
                         .arg(curve.y.size());
    return words.join(QStringLiteral("; "));
}

void CurveChart::draw()
{
    const Theme& theme = Theme::current();
    m_plot->clearGraphs();
    for (std::size_t i = 0; i < m_curves.size(); ++i) {
        const Curve& curve = m_curves[i];
        // The first is the page's own; comparisons take the class colours, which stay apart for colour-blind eyes.
        const QColor colour = i == 0 ? theme.colour(Role::accent) : theme.classColour(int(i) - 1);
        if (!curve.low.empty()) {
            QColor fill = colour;
            fill.setAlpha(45);
            QCPGraph* low = m_plot->addGraph();
            QCPGraph* high = m_plot->addGraph();
            low->setData(toVector(curve.x), toVector(curve.low), true);
            high->setData(toVector(curve.x), toVector(curve.high), true);
            low->setPen(Qt::NoPen);
            high->setPen(Qt::NoPen);
            high->setBrush(fill);
            high->setChannelFillGraph(low);
            low->removeFromLegend();
            high->removeFromLegend();
        }
        QCPGraph* line = m_plot->addGraph();
        line->setName(curve.name);
        line->setData(toVector(curve.x), toVector(curve.y), true);
        line->setPen(QPen(colour, 2, curve.dashed ? Qt::DashLine : Qt::SolidLine));
        if (curve.x.size() <= 40)
            line->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, colour, colour, 5));
    }
    m_plot->legend->setVisible(!m_curves.empty());
    m_plot->rescaleAxes();
    const QCPRange x = m_plot->xAxis->range();
    m_plot->xAxis->setRange(x.lower - 0.03 * x.size(), x.upper + 0.03 * x.size());
    if (m_yRange.second > m_yRange.first)
        m_plot->yAxis->setRange(m_yRange.first, m_yRange.second);
    else
        m_plot->yAxis->setRange(std::min(0.0, m_plot->yAxis->range().lower), m_plot->yAxis->range().upper * 1.05);
    // Without a size there is nothing to paint on; showing it draws it.
    if (m_plot->isVisible())
        m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void CurveChart::restyle()
{
    const Theme& theme = Theme::current();
    QFont small = font();
    small.setPixelSize(11);
    m_plot->setBackground(QBrush(theme.colour(Role::panel)));
    styleAxis(m_plot->xAxis, theme, small);
    styleAxis(m_plot->yAxis, theme, small);
    m_plot->legend->setFont(small);
    m_plot->legend->setTextColor(theme.colour(Role::text));
    draw();
}

void CurveChart::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        restyle();
    QWidget::changeEvent(event);
}

void CurveChart::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_plot->yAxis->ticker()->setTickCount(std::max(3, height() / 48));
    m_plot->xAxis->ticker()->setTickCount(std::max(3, width() / 90));
}

} // namespace foveate::ui
