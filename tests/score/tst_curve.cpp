// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Curve.h"

#include <QTest>
#include <cmath>

using namespace foveate::score;

class CurveTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void repeatsBecomeMeanAndSpread()
    {
        const std::vector<Observation> observed{{40, .9}, {20, .5}, {20, .7}, {20, .6}, {40, std::nan("")}};
        const auto points = curve(observed);
        QCOMPARE(points.size(), std::size_t(2));
        QCOMPARE(points[0].labels, 20);
        QCOMPARE(points[0].mean, 0.6);
        QCOMPARE(points[0].deviation, 0.1);
        QCOMPARE(points[0].low, 0.5);
        QCOMPARE(points[0].high, 0.7);
        QCOMPARE(points[0].repeats, 3);
        QCOMPARE(points[1].repeats, 1);
        QCOMPARE(points[1].deviation, 0.0);
    }

    void areaIsTheMeanFigure()
    {
        const std::vector<Observation> flat{{20, .8}, {40, .8}, {140, .8}};
        QCOMPARE(area(curve(flat)), 0.8);
        const std::vector<Observation> rising{{0, 0}, {10, 1}, {30, 1}};
        QCOMPARE(area(curve(rising)), 25.0 / 30);
        QCOMPARE(area({}), 0.0);
        QCOMPARE(area(curve(std::vector<Observation>{{20, .7}})), 0.7);
    }
};

QTEST_APPLESS_MAIN(CurveTest)
#include "tst_curve.moc"
