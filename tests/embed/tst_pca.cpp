// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Pca.h"
#include "embed/Reference.h"

#include <QTest>
#include <limits>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

class PcaTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithScikitLearn()
    {
        const ReferencePoints data;
        const auto pca = fitPca(data.points(), 3);
        QVERIFY(pca);
        QVERIFY(largestGap(pca->axes, reference<double>("pca-axes")) < 1e-5);
        QVERIFY(largestGap(pca->variances, reference<double>("pca-variances")) < 1e-5);
        QVERIFY(std::abs(pca->explained() - reference<double>("pca-share").at(0)) < 1e-6);
    }

    void whitenedScoresHaveUnitVariance()
    {
        const ReferencePoints data;
        const auto pca = fitPca(data.points(), 6);
        const auto white = scores(*pca, data.points(), Scores::whitened);
        QVERIFY(white);
        for (std::size_t a = 0; a < 6; ++a)
            for (std::size_t b = 0; b < 6; ++b) {
                double sum = 0;
                for (std::size_t i = 0; i < 300; ++i)
                    sum += double((*white)[i * 6 + a]) * double((*white)[i * 6 + b]) / 299;
                QVERIFY(std::abs(sum - double(a == b)) < 1e-4);
            }
    }

    void farFromTheOriginNothingIsLost()
    {
        const ReferencePoints data;
        std::vector<float> far = data.values;
        for (float& v : far)
            v += 1000;
        const auto near = fitPca(data.points(), 3), moved = fitPca({far, 6}, 3);
        QVERIFY(largestGap(near->variances, moved->variances) < 1e-2);
    }

    void threadsDoNotMatter()
    {
        const auto values = clustered(5000, 20, 3, 1);
        const auto one = fitPca({values, 20}, 5, 1), three = fitPca({values, 20}, 5, 3);
        QCOMPARE(one->axes, three->axes);
        QCOMPARE(*scores(*one, {values, 20}, Scores::plain, 1), *scores(*three, {values, 20}, Scores::plain, 3));
    }

    void componentsAreCut()
    {
        const auto values = clustered(4, 10, 2, 2);
        QCOMPARE(fitPca({values, 10}, 8)->components(), std::size_t(4));
        QCOMPARE(fitPca({std::span(values).first(10), 10}, 8)->components(), std::size_t(1));
    }

    void constantColumnsScoreNothing()
    {
        const auto values = equalPoints(20, 5, 1e6F);
        const auto pca = fitPca({values, 5}, 2);
        QCOMPARE(pca->explained(), 1.0);
        const auto white = scores(*pca, {values, 5}, Scores::whitened);
        for (const float score : *white)
            QCOMPARE(score, 0.F);
    }

    void badInputIsRefused()
    {
        std::vector<float> values = clustered(10, 3, 2, 3);
        const auto pca = fitPca({values, 3}, 2);
        QCOMPARE(scores(*pca, {std::span(values).first(28), 2}).error().code, Code::wrongShape);
        values[4] = std::numeric_limits<float>::infinity();
        QCOMPARE(fitPca({values, 3}, 2).error().code, Code::nonFinite);
        QCOMPARE(scores(*pca, {values, 3}).error().code, Code::nonFinite);
        QCOMPARE(fitPca({{}, 3}, 2).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(PcaTest)
#include "tst_pca.moc"
