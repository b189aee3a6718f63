// SPDX-License-Identifier: GPL-3.0-or-later
// The Train page's two charts, in the theme's colours, each with an accessible summary in words.
#pragma once

#include <QString>
#include <QWidget>

#include <vector>

class QCustomPlot;
class QCPGraph;

namespace foveate::ui {

/// Values over a common axis, with an optional band.
struct Curve {
    QString name;
    std::vector<double> x, y;
    std::vector<double> low, high; ///< empty: no band
    bool dashed = false;
};

class CurveChart : public QWidget {
    Q_OBJECT
public:
    CurveChart(const QString& title, const QString& xName, const QString& yName, QWidget* parent);
    /// An empty list shows `empty` in words instead of bare axes.
    void setCurves(const std::vector<Curve>& curves, const QString& empty);
    void setYRange(double low, double high);
    QSize minimumSizeHint() const override { return {280, 180}; }

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void restyle();
    void draw();
    QString summary() const;

    QString m_title;
    QCustomPlot* m_plot;
    QWidget* m_empty;
    std::vector<Curve> m_curves;
    std::pair<double, double> m_yRange{0, 0};
};

} // namespace foveate::ui
