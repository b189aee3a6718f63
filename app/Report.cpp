// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/Report.h"

#include "app/ReportChart.h"

#include <QStringList>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace foveate::app {
namespace {

/// Colours by role, light first; the six of the curves are Okabe and Ito's, told apart by the colour-blind.
constexpr char kStyle[] = R"css(
:root{--page:#fff;--panel:#f5f6f7;--line:#d9dde1;--ink:#1b1f23;--quiet:#5b646c;--accent:#0b66c3;--cell:11,102,195;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b06090;--s4:#a87800;--s5:#5b646c;--warn:#a86400}
@media (prefers-color-scheme:dark){:root{--page:#16181a;--panel:#1e2124;--line:#33383d;--ink:#e4e7ea;--quiet:#9aa3ab;
--accent:#4ea1ff;--cell:78,161,255;--s0:#56b4e9;--s1:#ff8c42;--s2:#2fcf9f;--s3:#e39cc4;--s4:#f0e442;--s5:#b9c0c6;--warn:#e0a030}}
*{box-sizing:border-box}
body{margin:0 auto;padding:32px 24px 64px;max-width:860px;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
h1{font-size:26px;line-height:1.2;margin:0 0 4px}
h2{font-size:18px;margin:36px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:20px 0 6px}
p{margin:6px 0}.quiet{color:var(--quiet)}
.notice{border:1px solid var(--warn);border-left-width:5px;border-radius:4px;padding:8px 12px;margin:14px 0}
.facts{display:flex;flex-wrap:wrap;gap:10px;margin:18px 0;padding:0;list-style:none}
.facts li{background:var(--panel);border-radius:6px;padding:8px 14px;min-width:104px}
.facts b{display:block;font-size:20px;font-variant-numeric:tabular-nums}
.facts span{color:var(--quiet);font-size:13px}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:8px 0;font-variant-numeric:tabular-nums}
th,td{padding:5px 12px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--quiet);font-size:13px}
td.n,th.n{text-align:right;padding:5px 0 5px 16px}
td.code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:12px;overflow-wrap:anywhere}
table.matrix{border-collapse:separate;border-spacing:3px}
table.matrix th,table.matrix td{border:0;padding:8px 12px;text-align:center}
table.matrix td{min-width:76px;border-radius:4px}
table.matrix th.row{text-align:right}
table.matrix small{display:block;opacity:.8}
.chart{display:block;width:100%;height:auto;margin:8px 0}
.grid{stroke:var(--line)}.axis{stroke:var(--quiet)}
.tick,.name{fill:var(--quiet);font-size:12px}.end{text-anchor:end}.middle{text-anchor:middle}
.curve{fill:none;stroke-width:2}.dashed{stroke-dasharray:6 4}.band{opacity:.18}.mark{stroke:var(--page)}
.curve.s0{stroke:var(--s0)}.curve.s1{stroke:var(--s1)}.curve.s2{stroke:var(--s2)}
.curve.s3{stroke:var(--s3)}.curve.s4{stroke:var(--s4)}.curve.s5{stroke:var(--s5)}
.band.s0,.mark.s0{fill:var(--s0)}.band.s1,.mark.s1{fill:var(--s1)}.band.s2,.mark.s2{fill:var(--s2)}
.band.s3,.mark.s3{fill:var(--s3)}.band.s4,.mark.s4{fill:var(--s4)}.band.s5,.mark.s5{fill:var(--s5)}
.legend{display:flex;flex-wrap:wrap;gap:4px 22px;margin:4px 0 8px;padding:0;list-style:none}
.legend svg{vertical-align:-2px;margin-right:8px}
.bar{display:inline-block;height:9px;border-radius:2px;background:var(--accent);min-width:1px}
footer{margin-top:44px;padding-top:12px;border-top:1px solid var(--line);color:var(--quiet);font-size:13px}
@media print{:root{--page:#fff;--panel:#f5f6f7;--line:#ccc;--ink:#000;--quiet:#444;--accent:#0b66c3;--cell:11,102,195;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b06090;--s4:#a87800;--s5:#5b646c;--warn:#a86400}
body{max-width:none;padding:0;font-size:11pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
h2{break-after:avoid}table,.chart,.facts{break-inside:avoid}.wide{overflow:visible}}
)css";

QString escaped(const QString& words)
{
    return words.toHtmlEscaped();
}

using app::escaped;

QString element(const char* name, const QString& inner)
{
    return QStringLiteral("<%1>%2</%1>").arg(QLatin1String(name), inner);
}

QString whole(std::int64_t n)
{
    return QString::number(n);
}

QString figure(double v)
{
    return QString::number(v, 'f', 3);
}

QString percent(double share)
{
    return Report::tr("%1 %").arg(QString::number(100 * share, 'f', 1));
}

/// A table from its heads and rows of finished HTML; the columns from `firstNumber` on are set as numbers.
class Table {
public:
    Table(const QStringList& heads, int firstNumber) : m_firstNumber(firstNumber) { m_html = row("th", heads); }
    void add(const QStringList& cells) { m_html += row("td", cells); }
    QString html() const { return QStringLiteral("<div class=\"wide\"><table>%1</table></div>").arg(m_html); }

private:
    QString row(const char* cell, const QStringList& cells) const
    {
        QString html;
        for (int i = 0; i < cells.size(); ++i)
            html += QStringLiteral("<%1%2>%3</%1>")
                        .arg(QLatin1String(cell), i >= m_firstNumber ? QLatin1String(" class=\"n\"") : QLatin1String(),
                             cells[i]);
        return element("tr", html);
    }

    int m_firstNumber;
    QString m_html;
};

int sum(const std::vector<ReportSplit>& splits, int ReportSplit::*member)
{
    return std::accumulate(splits.begin(), splits.end(), 0,
                           [member](int n, const ReportSplit& s) { return n + s.*member; });
}

QString modalityName(const std::string& modality)
{
    if (modality == "oct")
        return Report::tr("Optical coherence tomography");
    if (modality == "xray")
        return Report::tr("X-ray");
    if (modality == "histology")
        return Report::tr("Histology");
    return QString::fromStdString(modality);
}

QString policySentence(const std::string& policy)
{
    if (policy == "blind")
        return Report::tr("Readers saw nothing of the model for an image until its batch was closed.");
    if (policy == "after")
        return Report::tr("Readers saw the model's answer for an image only after they had labelled it.");
    return Report::tr("Reading policy: %1").arg(QString::fromStdString(policy));
}

QString fact(const QString& value, const QString& name)
{
    return QStringLiteral("<li><b>%1</b><span>%2</span></li>").arg(escaped(value), escaped(name));
}

QString splitName(const std::string& split)
{
    if (split == "train")
        return escaped(Report::tr("Training"));
    if (split == "val")
        return escaped(Report::tr("Validation"));
    if (split == "test")
        return escaped(Report::tr("Test"));
    return split == "none" ? escaped(Report::tr("No split")) : escaped(split);
}

/// A finite figure and, where there is one, its interval.
QString withInterval(double value, const score::Interval* interval)
{
    return interval ? QStringLiteral("%1 <span class=\"quiet\">(%2–%3)</span>")
                          .arg(figure(value), figure(interval->low), figure(interval->high))
                    : figure(value);
}

QString head(const ReportData& data)
{
    QString html = element("h1", escaped(data.project));
    html += QStringLiteral("<p class=\"quiet\">%1 · %2</p>")
                .arg(Report::tr("Report of %1").arg(QString::fromStdString(data.made)).toHtmlEscaped(),
                     modalityName(data.modality).toHtmlEscaped());
    html += QStringLiteral("<p class=\"notice\"><strong>%1</strong> %2</p>")
                .arg(escaped(Report::tr("Not for diagnosis.")),
                     escaped(Report::tr("This page describes a labelling study and a research model.")));
    if (data.phantoms)
        html +=
            QStringLiteral("<p class=\"notice\">%1</p>")
                .arg(escaped(Report::tr("All images of this study were made by the program. They show no patient.")));
    html += QStringLiteral("<ul class=\"facts\">");
    html += fact(whole(sum(data.splits, &ReportSplit::images)), Report::tr("images"));
    html += fact(whole(sum(data.splits, &ReportSplit::labelled)), Report::tr("labelled"));
    html += fact(whole(qint64(data.classes.size())), Report::tr("classes"));
    html += fact(whole(qint64(data.readers.size())), Report::tr("readers"));
    if (data.evaluation)
        html += fact(figure(data.evaluation->metrics.accuracy), Report::tr("accuracy"));
    if (data.evaluation && data.evaluation->metrics.auc)
        html += fact(figure(*data.evaluation->metrics.auc), Report::tr("AUC"));
    return html + QStringLiteral("</ul>") + element("p", policySentence(data.policy).toHtmlEscaped());
}

QString dataSection(const ReportData& data)
{
    QString html = element("h2", escaped(Report::tr("Data")));
    Table table({escaped(Report::tr("Part")), escaped(Report::tr("Images")), escaped(Report::tr("Patients")),
                 escaped(Report::tr("Labelled"))},
                1);
    for (const ReportSplit& s : data.splits)
        table.add({splitName(s.name), whole(s.images), whole(s.patients), whole(s.labelled)});
    html += table.html();
    html += element("p", Report::tr("A patient is on one side only. %1 damaged, %2 duplicates left out.")
                             .arg(data.damaged)
                             .arg(data.duplicates)
                             .toHtmlEscaped());
    return html;
}

QString classTable(const ReportData& data)
{
    const std::size_t classes = std::min(data.classes.size(), data.labelsPerClass.size());
    const int most =
        classes > 0 ? std::max(1, *std::max_element(data.labelsPerClass.begin(), data.labelsPerClass.end())) : 1;
    Table table({escaped(Report::tr("Class")), escaped(Report::tr("Labels")), QString()}, 3);
    for (std::size_t c = 0; c < classes; ++c) {
        const int n = data.labelsPerClass[c];
        table.add({escaped(data.classes[c]), whole(n),
                   QStringLiteral("<span class=\"bar\" style=\"width:%1px\"></span>").arg(260 * n / most)});
    }
    return table.html();
}

QString minutes(double seconds)
{
    return Report::tr("%1 min").arg(QString::number(seconds / 60, 'f', 1)).toHtmlEscaped();
}

QString readerSection(const ReportData& data)
{
    QString html = element("h2", escaped(Report::tr("Readers and labels")));
    if (data.simulatedReader)
        html += element("p", escaped(Report::tr("Labels were given by a simulated reader from the known truth.")));
    Table table({escaped(Report::tr("Reader")), escaped(Report::tr("Labels")), escaped(Report::tr("Revised")),
                 escaped(Report::tr("Skipped")), escaped(Report::tr("Unsure")), escaped(Report::tr("Ungradable")),
                 escaped(Report::tr("Active time")), escaped(Report::tr("Agreement"))},
                1);
    for (const ReportReader& r : data.readers)
        table.add({escaped(r.name), whole(r.labels), whole(r.revisions), whole(r.skipped), whole(r.unsure),
                   whole(r.ungradable), minutes(r.activeSeconds),
                   r.agreement ? escaped(percent(*r.agreement)) : QStringLiteral("–")});
    html += data.readers.empty() ? element("p", escaped(Report::tr("Nobody has labelled yet."))) : table.html();
    return html + classTable(data);
}

QString curveTable(const ReportCurve& curve)
{
    Table table({escaped(Report::tr("Strategy")), escaped(Report::tr("Labels")),
                 metricName(curve.metric).toHtmlEscaped(), escaped(Report::tr("Band"))},
                1);
    for (const ReportSeries& s : curve.series)
        for (const ReportPoint& p : s.points)
            table.add(
                {escaped(s.name), whole(p.labels), figure(p.mean),
                 p.high > p.low ? QStringLiteral("%1–%2").arg(figure(p.low), figure(p.high)) : QStringLiteral("–")});
    return QStringLiteral("<details><summary>%1</summary>%2</details>")
        .arg(escaped(Report::tr("The numbers")), table.html());
}

QString curveSection(const ReportData& data)
{
    QString html = element("h2", escaped(Report::tr("Label efficiency")));
    bool any = false;
    for (const ReportCurve& curve : data.curves) {
        const QString chart = chartSvg(curve);
        if (chart.isEmpty())
            continue;
        any = true;
        html += element("h3", metricName(curve.metric).toHtmlEscaped()) + chart;
        if (!curve.band.empty())
            html += QStringLiteral("<p class=\"quiet\">%1</p>").arg(escaped(curve.band));
        html += curveTable(curve);
    }
    return any ? html
               : html +
                     element("p",
                             escaped(Report::tr(
                                 "No model has been evaluated yet: label images of at least two classes and train.")));
}

/// Shaded by the share of the true class, so that a rare class's row reads like a common one's.
QString confusionTable(const score::Metrics& m, const std::vector<std::string>& classes)
{
    const std::size_t n = std::min(classes.size(), m.confusion.size());
    QString html = QStringLiteral("<tr><th class=\"row\">%1</th>").arg(escaped(Report::tr("True ↓  Predicted →")));
    for (std::size_t c = 0; c < n; ++c)
        html += element("th", escaped(classes[c]));
    html += QStringLiteral("</tr>");
    for (std::size_t t = 0; t < n; ++t) {
        const double all = double(std::accumulate(m.confusion[t].begin(), m.confusion[t].end(), std::int64_t(0)));
        html += QStringLiteral("<tr><th class=\"row\">%1</th>").arg(escaped(classes[t]));
        for (std::size_t p = 0; p < n; ++p) {
            const double share = all > 0 ? double(m.confusion[t][p]) / all : 0;
            html += QStringLiteral("<td style=\"background:rgba(var(--cell),%1)\">%2<small>%3</small></td>")
                        .arg(QString::number(0.04 + 0.5 * share, 'f', 2), whole(m.confusion[t][p]),
                             escaped(percent(share)));
        }
        html += QStringLiteral("</tr>");
    }
    return QStringLiteral("<div class=\"wide\"><table class=\"matrix\">%1</table></div>").arg(html);
}

QString figuresTable(const ReportEvaluation& e)
{
    const score::Intervals* i = e.intervals ? &*e.intervals : nullptr;
    Table table({escaped(Report::tr("Figure")), escaped(Report::tr("Value (95 % interval)"))}, 1);
    table.add({metricName("accuracy"), withInterval(e.metrics.accuracy, i ? &i->accuracy : nullptr)});
    table.add({metricName("balanced_accuracy"),
               withInterval(e.metrics.balancedAccuracy, i ? &i->balancedAccuracy : nullptr)});
    if (e.metrics.auc)
        table.add({metricName("auc"), withInterval(*e.metrics.auc, i && i->auc ? &*i->auc : nullptr)});
    table.add({metricName("f1_macro"), withInterval(e.metrics.f1Macro, i ? &i->f1Macro : nullptr)});
    table.add({metricName("f1_weighted"), withInterval(e.metrics.f1Weighted, i ? &i->f1Weighted : nullptr)});
    table.add({escaped(Report::tr("Calibration error")), figure(e.metrics.ece)});
    return table.html();
}

QString perClassTable(const score::Metrics& m, const std::vector<std::string>& classes)
{
    Table table({escaped(Report::tr("Class")), escaped(Report::tr("Images")), escaped(Report::tr("Precision")),
                 escaped(Report::tr("Recall")), escaped(Report::tr("F1")), escaped(Report::tr("AUC"))},
                1);
    for (std::size_t c = 0; c < std::min(classes.size(), m.perClass.size()); ++c) {
        const score::ClassScores& s = m.perClass[c];
        table.add({escaped(classes[c]), whole(std::int64_t(s.support)), figure(s.precision), figure(s.recall),
                   figure(s.f1), s.auc ? figure(*s.auc) : QStringLiteral("–")});
    }
    return table.html();
}

QString modelSection(const ReportData& data)
{
    if (!data.evaluation)
        return {};
    const ReportEvaluation& e = *data.evaluation;
    QString html = element("h2", escaped(Report::tr("The newest model")));
    html += element("p", escaped(Report::tr("Run %1 on %2 images of %3 patients (%4)."))
                             .arg(escaped(e.run), whole(qint64(e.metrics.images)), whole(qint64(e.metrics.patients)),
                                  escaped(e.split)));
    html += figuresTable(e);
    if (e.intervals)
        html += QStringLiteral("<p class=\"quiet\">%1</p>")
                    .arg(escaped(Report::tr("Intervals by bootstrap over patients.")));
    if (!e.metrics.confusion.empty())
        html += confusionTable(e.metrics, data.classes);
    return html + perClassTable(e.metrics, data.classes);
}

QString timelineSection(const ReportData& data)
{
    if (data.timeline.empty())
        return {};
    Table table({escaped(Report::tr("When (UTC)")), escaped(Report::tr("What")), escaped(Report::tr("Labels"))}, 2);
    for (const ReportMoment& m : data.timeline)
        table.add({escaped(m.utc), escaped(m.text), m.labels ? whole(*m.labels) : QString()});
    return element("h2", escaped(Report::tr("Timeline"))) + table.html();
}

QString runTable(const std::vector<ReportRun>& runs)
{
    Table table({escaped(Report::tr("Run")), escaped(Report::tr("Job")), escaped(Report::tr("Model")),
                 escaped(Report::tr("From")), escaped(Report::tr("Device")), escaped(Report::tr("Made (UTC)")),
                 escaped(Report::tr("Seed")), escaped(Report::tr("Labels"))},
                6);
    for (const ReportRun& r : runs)
        table.add({escaped(r.name), escaped(r.job), escaped(r.model),
                   r.parent.empty() ? QStringLiteral("–") : escaped(r.parent),
                   escaped(r.device + (r.dtype.empty() ? "" : ", " + r.dtype)), escaped(r.made),
                   QString::number(r.seed), whole(r.labels)});
    return table.html();
}

QString provenanceSection(const ReportData& data)
{
    QString html = element("h2", escaped(Report::tr("Provenance")));
    QString rows;
    for (const auto& [name, value] : data.provenance)
        rows += QStringLiteral("<tr><th>%1</th><td class=\"code\">%2</td></tr>").arg(escaped(name), escaped(value));
    for (const std::string& eventHead : data.eventHeads)
        rows += QStringLiteral("<tr><th>%1</th><td class=\"code\">%2</td></tr>")
                    .arg(escaped(Report::tr("Event head")), escaped(eventHead));
    html += QStringLiteral("<div class=\"wide\"><table>%1</table></div>").arg(rows);
    return data.runs.empty() ? html : html + element("h3", escaped(Report::tr("Runs"))) + runTable(data.runs);
}

} // namespace

QByteArray reportPage(const ReportData& data)
{
    QString html =
        QStringLiteral(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>%1</title>\n<style>")
            .arg(escaped(data.project));
    html += QLatin1String(kStyle);
    html += QStringLiteral("</style>\n</head>\n<body>\n");
    for (const QString& section : {head(data), dataSection(data), readerSection(data), curveSection(data),
                                   modelSection(data), timelineSection(data), provenanceSection(data)})
        if (!section.isEmpty())
            html += QStringLiteral("<section>%1</section>\n").arg(section);
    html += QStringLiteral("<footer>%1 %2</footer>\n</body>\n</html>\n")
                .arg(escaped(Report::tr("Not for diagnosis.")),
                     Report::tr("Made by Foveate %1.").arg(QLatin1String(FOVEATE_VERSION)).toHtmlEscaped());
    return html.toUtf8();
}

} // namespace foveate::app
