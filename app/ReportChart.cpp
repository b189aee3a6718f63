// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ReportChart.h"

#include "base/Text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ranges>

namespace foveate::app {
namespace {

constexpr double kWidth = 760, kHeight = 340;
constexpr double kLeft = 58, kRight = 16, kTop = 14, kBottom = 46;
constexpr int kColours = 6; ///< classes s0…s5 of the page's style

struct Axis {
    double low = 0, high = 1, step = 0.1;
    double from = 0, to = 1; ///< in the drawing
    double place(double v) const { return from + (v - low) / (high - low) * (to - from); }
};

QString number(double v)
{
    return QString::number(v, 'f', 1);
}

/// A step of 1, 2 or 5 times a power of ten that gives about `wanted` intervals.
double niceStep(double range, int wanted)
{
    const double raw = range / wanted;
    const double power = std::pow(10, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= raw * 0.999)
            return factor * power;
    return 10 * power;
}

Axis valueAxis(const ReportCurve& curve)
{
    double low = 1, high = 0;
    for (const ReportSeries& series : curve.series)
        for (const ReportPoint& p : series.points) {
            low = std::min({low, p.low, p.mean});
            high = std::max({high, p.high, p.mean});
        }
    Axis axis;
    axis.step = niceStep(std::max(0.05, high - low), 5);
    axis.low = std::max(0.0, std::floor(low / axis.step) * axis.step);
    axis.high = std::min(1.0, std::ceil(high / axis.step + 1e-9) * axis.step);
    if (axis.high <= axis.low)
        axis.low = axis.high - axis.step;
    axis.from = kHeight - kBottom;
    axis.to = kTop;
    return axis;
}

Axis labelAxis(const ReportCurve& curve)
{
    int most = 1;
    for (const ReportSeries& series : curve.series)
        for (const ReportPoint& p : series.points)
            most = std::max(most, p.labels);
    Axis axis;
    axis.step = std::max(1.0, niceStep(most, 7));
    axis.high = std::ceil(most / axis.step) * axis.step;
    axis.from = kLeft;
    axis.to = kWidth - kRight;
    return axis;
}

QString line(double x1, double y1, double x2, double y2, const char* style)
{
    return QStringLiteral("<line class=\"%1\" x1=\"%2\" y1=\"%3\" x2=\"%4\" y2=\"%5\"/>")
        .arg(QLatin1String(style), number(x1), number(y1), number(x2), number(y2));
}

QString text(double x, double y, const char* style, const QString& words)
{
    return QStringLiteral("<text class=\"%1\" x=\"%2\" y=\"%3\">%4</text>")
        .arg(QLatin1String(style), number(x), number(y), words.toHtmlEscaped());
}

QString frame(const Axis& labels, const Axis& values, const ReportCurve& curve)
{
    QString svg;
    const int decimals = values.step < 0.0099 ? 3 : 2;
    for (int i = 0; values.low + i * values.step <= values.high + 1e-9; ++i) {
        const double v = values.low + i * values.step;
        svg += line(kLeft, values.place(v), kWidth - kRight, values.place(v), "grid");
        svg += text(kLeft - 8, values.place(v) + 4, "tick end", QString::number(v, 'f', decimals));
    }
    for (int i = 0; i * labels.step <= labels.high + 1e-9; ++i) {
        const double v = i * labels.step;
        svg += line(labels.place(v), values.from, labels.place(v), values.from + 5, "axis");
        svg += text(labels.place(v), values.from + 20, "tick middle", QString::number(v, 'f', 0));
    }
    svg += line(kLeft, values.from, kWidth - kRight, values.from, "axis");
    svg += text((kLeft + kWidth - kRight) / 2, kHeight - 8, "name middle", Report::tr("Labels"));
    svg += QStringLiteral("<text class=\"name middle\" transform=\"translate(14 %1) rotate(-90)\">%2</text>")
               .arg(number((kTop + values.from) / 2), metricName(curve.metric).toHtmlEscaped());
    return svg;
}

QString points(const std::vector<std::pair<double, double>>& at)
{
    QStringList words;
    for (const auto& [x, y] : at)
        words << number(x) + u',' + number(y);
    return words.join(u' ');
}

/// Square, disc, triangle, diamond, plus, cross: told apart without colour.
QString marker(int index, double x, double y)
{
    static constexpr std::array<const char*, 6> kShapes{
        "M-4 -4h8v8h-8z",
        "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
        "M0 -5l5 9h-10z",
        "M0 -5.5l5 5.5l-5 5.5l-5 -5.5z",
        "M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
        "M-5 -3l2 -2l3 3l3 -3l2 2l-3 3l3 3l-2 2l-3 -3l-3 3l-2 -2l3 -3z"};
    return QStringLiteral("<path class=\"mark s%1\" transform=\"translate(%2 %3)\" d=\"%4\"/>")
        .arg(index % kColours)
        .arg(number(x), number(y), QLatin1String(kShapes[std::size_t(index) % kShapes.size()]));
}

QString drawSeries(const ReportSeries& series, int index, const Axis& labels, const Axis& values)
{
    std::vector<std::pair<double, double>> band, mean;
    QString marks;
    bool spread = false;
    for (const ReportPoint& p : series.points) {
        const double x = labels.place(p.labels);
        band.emplace_back(x, values.place(std::min(p.high, values.high)));
        mean.emplace_back(x, values.place(p.mean));
        spread = spread || p.high > p.low;
        marks += marker(index, x, values.place(p.mean));
    }
    for (const ReportPoint& p : series.points | std::views::reverse)
        band.emplace_back(labels.place(p.labels), values.place(std::max(p.low, values.low)));
    QString svg;
    if (spread)
        svg += QStringLiteral("<polygon class=\"band s%1\" points=\"%2\"/>").arg(index % kColours).arg(points(band));
    svg += QStringLiteral("<polyline class=\"curve s%1%2\" points=\"%3\"/>")
               .arg(index % kColours)
               .arg(series.estimated ? QLatin1String(" dashed") : QLatin1String(), points(mean));
    return svg + marks;
}

QString legend(const ReportCurve& curve)
{
    QString html = QStringLiteral("<ul class=\"legend\">");
    for (std::size_t i = 0; i < curve.series.size(); ++i) {
        const ReportSeries& series = curve.series[i];
        const QString note =
            series.estimated ? QStringLiteral(" <span class=\"quiet\">%1</span>")
                                   .arg(Report::tr("(5-fold cross-validation on the labelled images)").toHtmlEscaped())
                             : QString();
        html += QStringLiteral("<li><svg width=\"30\" height=\"14\" viewBox=\"0 0 30 14\" aria-hidden=\"true\">"
                               "<line class=\"curve s%1%2\" x1=\"0\" y1=\"7\" x2=\"30\" y2=\"7\"/>%3</svg>%4%5</li>")
                    .arg(int(i) % kColours)
                    .arg(series.estimated ? QLatin1String(" dashed") : QLatin1String(), marker(int(i), 15, 7),
                         escaped(series.name), note);
    }
    return html + QStringLiteral("</ul>");
}

} // namespace

QString metricName(const std::string& metric)
{
    if (metric == "accuracy")
        return Report::tr("Accuracy");
    if (metric == "balanced_accuracy")
        return Report::tr("Balanced accuracy");
    if (metric == "auc")
        return Report::tr("AUC");
    if (metric == "f1_macro")
        return Report::tr("F1, macro");
    if (metric == "f1_weighted")
        return Report::tr("F1, weighted");
    return QString::fromStdString(printable(metric));
}

QString escaped(const std::string& text)
{
    return QString::fromStdString(printable(text)).toHtmlEscaped().replace(u'\'', QLatin1String("&#39;"));
}

QString chartSvg(const ReportCurve& curve)
{
    const bool empty =
        std::all_of(curve.series.begin(), curve.series.end(), [](const ReportSeries& s) { return s.points.empty(); });
    if (empty)
        return {};
    const Axis labels = labelAxis(curve), values = valueAxis(curve);
    QString svg = QStringLiteral("<svg class=\"chart\" viewBox=\"0 0 %1 %2\" role=\"img\" aria-label=\"%3\">")
                      .arg(number(kWidth), number(kHeight),
                           Report::tr("%1 against the number of labels").arg(metricName(curve.metric)).toHtmlEscaped());
    svg += frame(labels, values, curve);
    for (std::size_t i = 0; i < curve.series.size(); ++i)
        if (!curve.series[i].points.empty())
            svg += drawSeries(curve.series[i], int(i), labels, values);
    return svg + QStringLiteral("</svg>") + legend(curve);
}

} // namespace foveate::app
