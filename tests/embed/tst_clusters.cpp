// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Clusters.h"
#include "embed/Reference.h"

#include <QTest>
#include <numeric>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

class ClustersTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void membershipAgreesWithSciPy()
    {
        const ReferencePoints data;
        const auto clusters = fitClusters(data.points(), referenceLabels(), 4);
        QVERIFY(largestGap(*membership(*clusters, data.points()), reference<double>("membership")) < 1e-8);
        QVERIFY(largestGap(*mahalanobis(*clusters, data.points(), referenceLabels()),
                           reference<double>("mahalanobis")) < 1e-8);
    }

    void fewPointsAreShrunkAsByLedoitAndWolf()
    {
        const ReferencePoints data;
        const Points few{std::span(data.values).first(40 * 6), 6};
        const auto clusters = fitClusters(few, std::vector<int>(40, 0), 1);
        QVERIFY(largestGap(clusters->gaussians[0].covariance, reference<double>("ledoit-wolf")) < 1e-9);
    }

    void mixtureAgreesWithScikitLearn()
    {
        const ReferencePoints data;
        const auto mixture = fitMixture(data.points(), referenceLabels(), 4);
        QVERIFY(largestGap(*membership(*mixture, data.points(), Prior::byWeight), reference<double>("mixture")) < 1e-6);
    }

    void threadsDoNotMatter()
    {
        const auto values = clustered(1500, 4, 3, 1);
        std::vector<int> labels(1500);
        for (std::size_t i = 0; i < labels.size(); ++i)
            labels[i] = int(i % 3);
        const auto one = fitMixture({values, 4}, labels, 3, 5, 1), three = fitMixture({values, 4}, labels, 3, 5, 3);
        QCOMPARE(*membership(*one, {values, 4}, Prior::equal, 1), *membership(*three, {values, 4}, Prior::equal, 3));
    }

    void farOutsideRowsStillSumToOne()
    {
        const ReferencePoints data;
        const auto clusters = fitClusters(data.points(), referenceLabels(), 4);
        const std::vector<float> far{1e6F, -1e6F, 1e6F, 1e6F, -1e6F, 3};
        const auto p = membership(*clusters, {far, 6});
        QVERIFY(std::abs(std::accumulate(p->begin(), p->end(), 0.0) - 1) < 1e-12);
    }

    void clustersWithoutExtentOrMembersAreDefined()
    {
        // Cluster 0: one point; 1: equal points; 2: none; 3: a constant column.
        const std::vector<float> values{0, 0, 5, 5, 5, 5, 9, 1, 9, 2, 9, 4};
        const std::vector<int> labels{0, 1, 1, 3, 3, 3};
        const auto clusters = fitClusters({values, 2}, labels, 4);
        QVERIFY(clusters);
        const auto p = membership(*clusters, {values, 2});
        for (std::size_t i = 0; i < 6; ++i) {
            QVERIFY(std::abs(std::accumulate(p->begin() + std::ptrdiff_t(4 * i), p->begin() + std::ptrdiff_t(4 * i + 4),
                                             0.0) -
                             1) < 1e-12);
            QCOMPARE(p->at(4 * i + 2), 0.0);
            QVERIFY(p->at(4 * i + std::size_t(labels[i])) > .5);
        }
        const auto distances = mahalanobis(*clusters, {values, 2}, labels);
        QCOMPARE(distances->at(0), 0.0);
        const auto mixture = fitMixture({values, 2}, labels, 4);
        const auto shares = membership(*mixture, {values, 2}, Prior::byWeight);
        for (const double share : *shares)
            QVERIFY(std::isfinite(share));
    }

    void badInputIsRefused()
    {
        const std::vector<float> values{0, 1, 5, 6};
        QCOMPARE(fitClusters({values, 1}, std::vector<int>{0}, 1).error().code, Code::wrongShape);
        const auto clusters = fitClusters({values, 1}, std::vector<int>{0, 0, 1, 1}, 2);
        QCOMPARE(membership(*clusters, {values, 2}).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(ClustersTest)
#include "tst_clusters.moc"
