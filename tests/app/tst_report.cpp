// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/Report.h"
#include "app/ReportChart.h"

#include <QRegularExpression>
#include <QTest>
#include <QXmlStreamReader>

using namespace foveate;
using namespace foveate::app;

namespace {

const std::string kHostile = "<script>alert(\"%1\")</script>'; DROP & \n\xff%2";

score::Metrics figures()
{
    score::Metrics m;
    m.images = 40;
    m.patients = 17;
    m.accuracy = 0.925;
    m.balancedAccuracy = 0.9;
    m.auc = 0.971;
    m.f1Macro = 0.911;
    m.f1Weighted = 0.926;
    m.ece = 0.043;
    m.confusion = {{18, 2}, {1, 19}};
    m.perClass = {{0.947, 0.9, 0.923, 0.971, 20}, {0.905, 0.95, 0.927, 0.971, 20}};
    return m;
}

ReportData example()
{
    ReportData d;
    d.project = "Macula study";
    d.made = "2026-03-01T12:00:00.000Z";
    d.modality = "oct";
    d.policy = "blind";
    d.classes = {"NORMAL", "DRUSEN"};
    d.splits = {{"train", 480, 123, 60}, {"test", 120, 31, 0}};
    d.damaged = 2;
    d.duplicates = 5;
    d.readers = {{"Ada", 61, 3, 2, 1, 0, 754, 0.875}};
    d.labelsPerClass = {41, 19};
    d.curves = {{"accuracy",
                 "Smallest to largest of 3 repeats.",
                 {{"entropy", {{20, .71, .66, .74}, {40, .83, .8, .86}, {60, .92, .9, .94}}, false},
                  {"random", {{20, .71, .66, .74}, {40, .78, .7, .82}, {60, .85, .8, .9}}, true}}}};
    score::Intervals intervals;
    intervals.accuracy = {0.85, 0.975};
    intervals.auc = score::Interval{0.93, 0.99};
    d.evaluation = ReportEvaluation{"0007-train", "test", figures(), intervals};
    d.timeline = {{"2026-03-01T11:00:00Z", "Import of 600 images", 0}, {"2026-03-01T11:20:00Z", "Run 0007-train", 60}};
    d.runs = {{"0007-train", "train", "resnet18", "0001-pretrain", "cpu", "bfloat16", "2026-03-01T11:20:00Z", 42, 60}};
    d.provenance = {{"Program", "0.1.0"}, {"Seed", "42"}};
    d.eventHeads = {std::string(64, 'e')};
    return d;
}

/// Every text of the report is one that tries to break out.
ReportData hostile()
{
    ReportData d = example();
    d.project = d.made = d.modality = d.policy = kHostile;
    d.classes = {kHostile, kHostile};
    d.splits[0].name = d.readers[0].name = kHostile;
    d.curves[0].metric = d.curves[0].band = d.curves[0].series[0].name = kHostile;
    d.evaluation->run = d.evaluation->split = kHostile;
    d.timeline[0] = {kHostile, kHostile, 1};
    d.runs[0] = {kHostile, kHostile, kHostile, kHostile, kHostile, kHostile, kHostile, 1, 1};
    d.provenance = {{kHostile, kHostile}};
    d.eventHeads = {kHostile};
    return d;
}

/// The page's body as XML: every element closed, every entity known. What the reader met wrong, or nothing.
QString fault(const QByteArray& page)
{
    QByteArray body = page.mid(page.indexOf("<body>"));
    body.truncate(body.indexOf("</html>"));
    QXmlStreamReader reader(body);
    while (!reader.atEnd())
        reader.readNext();
    return reader.hasError() ? reader.errorString() + QString(" at %1").arg(reader.characterOffset()) : QString();
}

} // namespace

class ReportTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theNumbersAreThere()
    {
        const QByteArray page = reportPage(example());
        for (const char* text : {"Macula study",
                                 "Not for diagnosis",
                                 ">480<",
                                 ">123<",
                                 ">120<",
                                 ">31<",
                                 "Ada",
                                 ">61<",
                                 "12.6 min",
                                 "87.5 %",
                                 "0.925",
                                 "(0.850–0.975)",
                                 "0.971",
                                 "(0.930–0.990)",
                                 ">18<",
                                 ">19<",
                                 "95.0 %",
                                 "0007-train",
                                 "0001-pretrain",
                                 "resnet18",
                                 "bfloat16",
                                 ">42<",
                                 "Import of 600 images",
                                 "2 damaged, 5 duplicates",
                                 "entropy",
                                 "random",
                                 "Smallest to largest of 3 repeats."})
            QVERIFY2(page.contains(text), text);
        QVERIFY(page.contains(QByteArray(64, 'e')));
        QCOMPARE(fault(page), QString());
    }

    void everyTextIsEscaped()
    {
        const QByteArray page = reportPage(hostile());
        QVERIFY(!page.contains("<script"));
        QVERIFY(!page.contains("alert(\"") && !page.contains("\n\xff"));
        QVERIFY(page.contains("&lt;script&gt;alert(&quot;%1&quot;)&lt;/script&gt;&#39;; DROP &amp; \\x0a\\xff%2"));
        QCOMPARE(fault(page), QString());
    }

    void thePageNeedsNothingFromOutside()
    {
        const QByteArray page = reportPage(example());
        for (const char* word :
             {"http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link", "<img", "<iframe"})
            QVERIFY2(!page.contains(word), word);
        QVERIFY(page.contains("default-src 'none'"));
        QVERIFY(page.contains("prefers-color-scheme:dark") && page.contains("@media print"));
    }

    void phantomsAndSimulatedReadersAreSaid()
    {
        ReportData d = example();
        QVERIFY(!reportPage(d).contains("made by the program"));
        QVERIFY(!reportPage(d).contains("simulated reader"));
        d.phantoms = d.simulatedReader = true;
        QVERIFY(reportPage(d).contains("made by the program"));
        QVERIFY(reportPage(d).contains("simulated reader"));
    }

    void anEmptyStudyHasAPage()
    {
        const QByteArray page = reportPage({});
        QCOMPARE(fault(page), QString());
        QVERIFY(page.contains("Nobody has labelled yet."));
        QVERIFY(page.contains("No model has been evaluated yet"));
        QVERIFY(!page.contains("<table class=\"matrix\""));
        QVERIFY(!page.contains(">nan") && !page.contains("\"nan") && !page.contains("inf\""));
    }

    void chartsStayInsideTheirFrame_data()
    {
        QTest::addColumn<QVector<double>>("means");
        QTest::newRow("one point") << QVector<double>{0.5};
        QTest::newRow("all equal") << QVector<double>{0.9, 0.9, 0.9};
        QTest::newRow("all one") << QVector<double>{1, 1};
        QTest::newRow("all zero") << QVector<double>{0, 0};
        QTest::newRow("close together") << QVector<double>{0.9871, 0.9872, 0.9873};
        QTest::newRow("wide") << QVector<double>{0, 1};
    }

    void chartsStayInsideTheirFrame()
    {
        QFETCH(QVector<double>, means);
        ReportCurve curve{"accuracy", "", {{"s", {}, false}}};
        for (int i = 0; i < means.size(); ++i)
            curve.series[0].points.push_back({20 * (i + 1), means[i], means[i] - 0.05, means[i] + 0.05});
        const QString svg = chartSvg(curve);
        QVERIFY(!svg.contains("nan") && !svg.contains("inf"));
        static const QRegularExpression kPoints("points=\"([^\"]+)\"");
        for (auto match = kPoints.globalMatch(svg); match.hasNext();)
            for (const QString& pair : match.next().captured(1).split(' ')) {
                const double x = pair.section(',', 0, 0).toDouble(), y = pair.section(',', 1, 1).toDouble();
                QVERIFY2(x >= 58 && x <= 744 && y >= 13.9 && y <= 294.1, qPrintable(pair));
            }
    }

    void seriesAreToldApartWithoutColour()
    {
        const QString svg = chartSvg(example().curves[0]);
        QVERIFY(svg.contains("curve s0\"") && svg.contains("curve s1 dashed\""));
        QVERIFY(svg.contains("5-fold cross-validation"));
        QVERIFY(svg.contains("M-4 -4h8v8h-8z") && svg.contains("M-4.5 0a4.5"));
        QVERIFY(chartSvg({"accuracy", "", {}}).isEmpty());
    }

    void sameDataSameBytes() { QCOMPARE(reportPage(example()), reportPage(example())); }
};

QTEST_APPLESS_MAIN(ReportTest)
#include "tst_report.moc"
