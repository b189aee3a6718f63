// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/KMeans.h"
#include "embed/Reference.h"

#include <QTest>
#include <limits>
#include <numeric>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

namespace {

double inertiaOf(Points points, const KMeans& found)
{
    double sum = 0;
    for (std::size_t i = 0; i < points.rows(); ++i)
        for (std::size_t d = 0; d < points.dimensions; ++d)
            sum += std::pow(double(points.row(i)[d]) -
                                double(found.centres[std::size_t(found.labels[i]) * points.dimensions + d]),
                            2);
    return sum;
}

} // namespace

class KMeansTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isAsGoodAsScikitLearn()
    {
        const ReferencePoints data;
        const auto best = reference<double>("kmeans-inertia"); // of 100 restarts
        const int clusters[] = {1, 2, 4, 7};
        for (std::size_t i = 0; i < 4; ++i) {
            const auto found = kMeans(data.points(), {.clusters = clusters[i], .restarts = 20});
            QVERIFY(found->inertia <= best.at(i) * 1.005);
            QVERIFY(std::abs(found->inertia - inertiaOf(data.points(), *found)) < 1e-3 * found->inertia);
        }
    }

    void clearClustersAreFound()
    {
        const auto values = clustered(900, 8, 3, 1, 20);
        const auto found = kMeans({values, 8}, {.clusters = 3});
        QCOMPARE(found->sizes, (std::vector<std::size_t>{300, 300, 300}));
        for (std::size_t i = 3; i < 900; ++i)
            QCOMPARE(found->labels[i], found->labels[i - 3]);
    }

    void sameSeedSameResultOnAnyThreads()
    {
        const auto values = clustered(3000, 5, 6, 2);
        const auto run = [&](int threads, std::uint64_t seed) {
            return *kMeans({values, 5}, {.clusters = 6, .restarts = 3, .seed = seed, .threads = threads});
        };
        const KMeans one = run(1, 5), three = run(3, 5);
        QCOMPARE(one.labels, three.labels);
        QCOMPARE(one.centres, three.centres);
        QCOMPARE(one.inertia, three.inertia);
    }

    void centresComeInOrder()
    {
        const auto values = clustered(500, 4, 5, 3);
        const auto found = kMeans({values, 4}, {.clusters = 5});
        for (std::size_t c = 1; c < 5; ++c)
            QVERIFY(found->centres[c * 4] >= found->centres[(c - 1) * 4]);
    }

    void noMoreClustersThanDifferentPoints()
    {
        std::vector<float> values;
        for (int i = 0; i < 30; ++i)
            values.insert(values.end(), {float(i % 3), 7});
        const auto found = kMeans({values, 2}, {.clusters = 8});
        QCOMPARE(found->clusters(), 3);
        QCOMPARE(found->inertia, 0.0);
        QCOMPARE(kMeans({std::span(values).first(4), 2}, {.clusters = 8})->clusters(), 2);
        QCOMPARE(kMeans({std::span(values).first(2), 2}, {.clusters = 3})->labels, std::vector<int>{0});
        const auto equal = equalPoints(50, 3);
        QCOMPARE(kMeans({equal, 3}, {.clusters = 4})->sizes, std::vector<std::size_t>{50});
    }

    void noClusterIsEmpty()
    {
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const auto values = clustered(40, 2, 2, seed, 30);
            const auto found = kMeans({values, 2}, {.clusters = 15, .restarts = 1, .seed = seed});
            QCOMPARE(std::accumulate(found->sizes.begin(), found->sizes.end(), std::size_t(0)), std::size_t(40));
            for (const std::size_t size : found->sizes)
                QVERIFY(size > 0);
        }
    }

    void badInputIsRefused()
    {
        std::vector<float> values = clustered(10, 2, 2, 1);
        values[3] = std::numeric_limits<float>::quiet_NaN();
        QCOMPARE(kMeans({values, 2}, {}).error().code, Code::nonFinite);
        QCOMPARE(kMeans({{}, 2}, {}).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(KMeansTest)
#include "tst_kmeans.moc"
