// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/CoreSet.h"

#include "base/Random.h"
#include "query/MadePool.h"

#include <QTest>
#include <algorithm>
#include <limits>
#include <set>

using namespace foveate;
using namespace foveate::query;

namespace {

std::vector<float> made(std::size_t n, std::size_t width, std::uint64_t seed)
{
    Random random(seed);
    std::vector<float> values;
    for (std::size_t i = 0; i < n * width; ++i)
        values.push_back(float(random.normal()));
    return values;
}

double distance(embed::Points a, std::size_t i, embed::Points b, std::size_t j)
{
    double sum = 0;
    for (std::size_t k = 0; k < a.dimensions; ++k)
        sum += std::pow(double(a.row(i)[k]) - double(b.row(j)[k]), 2);
    return std::sqrt(sum);
}

/// The definition, sweep by sweep.
std::vector<std::size_t> plainGreedy(embed::Points points, embed::Points start, std::size_t count)
{
    std::vector<double> nearest(points.rows(), std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < points.rows(); ++i)
        for (std::size_t j = 0; j < start.rows(); ++j)
            nearest[i] = std::min(nearest[i], distance(points, i, start, j));
    std::vector<std::size_t> picks;
    while (picks.size() < count) {
        picks.push_back(std::size_t(std::max_element(nearest.begin(), nearest.end()) - nearest.begin()));
        for (std::size_t i = 0; i < points.rows(); ++i)
            nearest[i] = std::min(nearest[i], distance(points, i, points, picks.back()));
        nearest[picks.back()] = -1;
    }
    return picks;
}

} // namespace

class CoreSetTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void picksAsThePlainSweepDoes()
    {
        for (const std::size_t width : {1, 3, 40}) {
            const auto values = made(400, width, width), chosen = made(50, width, 99);
            const embed::Points points{values, width}, start{chosen, width};
            const Centres found = farthestPoints(points, start, 100);
            QCOMPARE(found.rows, plainGreedy(points, start, 100));
            QVERIFY(std::is_sorted(found.distances.rbegin(), found.distances.rend()));
            QVERIFY(found.rows == farthestPoints(points, start, 100, 3).rows);
        }
    }

    void whatRemainsKnowsItsNearestCentre()
    {
        const auto values = made(200, 5, 4);
        const embed::Points points{values, 5};
        const Centres found = farthestPoints(points, {}, 20);
        for (std::size_t i = 0; i < points.rows(); ++i) {
            double nearest = std::numeric_limits<double>::infinity();
            for (const std::size_t centre : found.rows)
                nearest = std::min(nearest, distance(points, i, points, centre));
            QVERIFY(std::abs(found.remaining[i] - nearest) < 1e-5);
        }
    }

    void withoutAStartTheMiddleComesFirst()
    {
        const std::vector<float> line{0, 1, 2, 3, 4, 10};
        const Centres found = farthestPoints({line, 1}, {}, 3);
        QCOMPARE(found.rows, (std::vector<std::size_t>{3, 5, 0}));
        QCOMPARE(found.distances, (std::vector<double>{7, 7, 3}));
    }

    void equalPointsGoByRow()
    {
        const std::vector<float> same(10, 1.5f);
        const Centres found = farthestPoints({same, 2}, {}, 9);
        QCOMPARE(found.rows, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
        QCOMPARE(found.distances.back(), 0.0);
    }

    void emptyIsEmpty()
    {
        QVERIFY(farthestPoints({}, {}, 5).rows.empty());
        const auto values = made(5, 2, 1);
        QVERIFY(farthestPoints({values, 2}, {}, 0).rows.empty());
    }

    void theStrategyListsPicksThenTheRest()
    {
        MadePool made;
        made.options.count = 7;
        const auto items = rank("coreset", made.pool())->items;
        for (std::size_t i = 0; i < items.size(); ++i)
            QCOMPARE(items[i].reason.numbers[1], i < 7 ? 1.0 : 0.0);
        made.options.count = 3;
        const auto fewer = order(rank("coreset", made.pool())->items);
        for (std::size_t i = 0; i < 3; ++i)
            QCOMPARE(fewer[i], items[i].id);
    }

    void diverseSpreadsTheBestOut()
    {
        MadePool made(90, 0);
        made.options.count = 4;
        const auto plain = order(rank("entropy", made.pool())->items);
        made.options.diverse = true;
        const auto spread = rank("entropy", made.pool())->items;
        const std::set<std::string> best(plain.begin(), plain.begin() + 40);
        for (std::size_t i = 0; i < 4; ++i)
            QVERIFY(best.contains(spread[i].id));
        QVERIFY(order(spread) != plain);
        QCOMPARE(spread[89].rank, 90);
    }
};

QTEST_APPLESS_MAIN(CoreSetTest)
#include "tst_coreset.moc"
