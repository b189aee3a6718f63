// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Reference.h"
#include "embed/Silhouette.h"

#include <QTest>
#include <limits>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

class SilhouetteTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithScikitLearn()
    {
        const ReferencePoints data;
        const auto widths = silhouette(data.points(), referenceLabels());
        QVERIFY(widths);
        QVERIFY(largestGap(*widths, reference<double>("silhouette")) < 1e-9);
    }

    void threadsDoNotMatter()
    {
        const ReferencePoints data;
        QCOMPARE(*silhouette(data.points(), referenceLabels(), 1), *silhouette(data.points(), referenceLabels(), 3));
    }

    void labelsNeedNotFollowEachOther()
    {
        const ReferencePoints data;
        std::vector<int> apart = referenceLabels();
        for (int& label : apart)
            label = 3 * label + 1; // classes 0, 2, 3, 5, 6 … without members
        QCOMPARE(*silhouette(data.points(), apart), *silhouette(data.points(), referenceLabels()));
    }

    void aloneIsNothing()
    {
        const std::vector<float> values{0, 1, 5};
        const auto widths = silhouette({values, 1}, std::vector<int>{0, 0, 1});
        QCOMPARE(widths->at(2), 0.0);
        QCOMPARE(widths->at(0), (5.0 - 1) / 5);
    }

    void equalPointsAreNothing()
    {
        const auto values = equalPoints(6, 2);
        QCOMPARE(*silhouette({values, 2}, std::vector<int>{0, 1, 0, 1, 0, 1}), std::vector<double>(6, 0));
    }

    void badInputIsRefused()
    {
        const std::vector<float> values{0, 1, 5};
        QCOMPARE(silhouette({values, 1}, std::vector<int>{2, 2, 2}).error().code, Code::needsClasses);
        QCOMPARE(silhouette({values, 1}, std::vector<int>{0, 1}).error().code, Code::wrongShape);
        const std::vector<float> bad{0, std::numeric_limits<float>::quiet_NaN(), 5};
        QCOMPARE(silhouette({bad, 1}, std::vector<int>{0, 0, 1}).error().code, Code::nonFinite);
    }
};

QTEST_APPLESS_MAIN(SilhouetteTest)
#include "tst_silhouette.moc"
