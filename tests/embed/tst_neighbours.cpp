// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Neighbours.h"

#include "base/Random.h"

#include <QTest>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace foveate;
using namespace foveate::embed;

namespace {

std::vector<float> gauss(std::size_t n, std::uint64_t seed, double centre = 0)
{
    Random random(seed);
    std::vector<float> values(n);
    for (float& v : values)
        v = float(centre + random.normal());
    return values;
}

double distance(Points a, std::size_t i, Points b, std::size_t j)
{
    double sum = 0;
    for (std::size_t d = 0; d < a.dimensions; ++d) {
        const double gap = double(a.values[i * a.dimensions + d]) - double(b.values[j * b.dimensions + d]);
        sum += gap * gap;
    }
    return std::sqrt(sum);
}

/// The plain way: every distance, sorted.
std::vector<std::int64_t> slowly(Points base, Points queries, std::size_t query, std::size_t k)
{
    std::vector<std::pair<double, std::int64_t>> all;
    for (std::size_t j = 0; j < base.rows(); ++j)
        all.emplace_back(distance(queries, query, base, j), std::int64_t(j));
    std::sort(all.begin(), all.end());
    std::vector<std::int64_t> rows;
    for (std::size_t j = 0; j < k; ++j)
        rows.push_back(all[j].second);
    return rows;
}

} // namespace

class NeighboursTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theyAreTheNearest_data()
    {
        QTest::addColumn<double>("centre");
        QTest::newRow("about the origin") << 0.0;
        QTest::newRow("far from the origin") << 5000.0;
    }

    void theyAreTheNearest()
    {
        QFETCH(double, centre);
        const auto baseValues = gauss(400 * 17, 1, centre), queryValues = gauss(600 * 17, 2, centre);
        const Points base{baseValues, 17}, queries{queryValues, 17};
        const auto table = nearest(base, queries, 5, 2);
        QVERIFY(table);
        for (std::size_t i = 0; i < 600; ++i) {
            const auto expected = slowly(base, queries, i, 5);
            QVERIFY(std::equal(expected.begin(), expected.end(), table->rows.begin() + std::ptrdiff_t(i * 5)));
            QVERIFY(std::abs(table->distances[i * 5] - distance(queries, i, base, std::size_t(expected[0]))) < 1e-7);
        }
    }

    void threadsDoNotMatter()
    {
        const auto values = gauss(900 * 8, 3);
        const Points points{values, 8};
        const auto one = nearest(points, points, 7, 1), three = nearest(points, points, 7, 3);
        QCOMPARE(one->rows, three->rows);
        QCOMPARE(one->distances, three->distances);
    }

    void equalDistancesGoByRow()
    {
        const std::vector<float> same(10 * 4, 2.5f);
        const Points points{same, 4};
        const auto table = nearest(points, points, 3);
        for (std::size_t i = 0; i < 10; ++i)
            QCOMPARE(std::vector<std::int64_t>(table->rows.begin() + std::ptrdiff_t(i) * 3,
                                               table->rows.begin() + std::ptrdiff_t(i) * 3 + 3),
                     (std::vector<std::int64_t>{0, 1, 2}));
    }

    void votesAreCounted()
    {
        const std::vector<float> base{0, 1, 2, 10, 11, 12};
        const std::vector<int> labels{0, 0, 2, 1, 1, 0};
        const std::vector<float> queries{0.1f, 10.9f, 11.4f};
        const auto at = [&](std::size_t k) { return *classify({base, 1}, labels, 3, {queries, 1}, k); };
        QCOMPARE(at(1), (std::vector<int>{0, 1, 1}));
        QCOMPARE(at(3), (std::vector<int>{0, 1, 1}));
        QCOMPARE(at(2), (std::vector<int>{0, 1, 0})); // rows 4 and 5: one vote each, the lower class
        QCOMPARE(at(100), (std::vector<int>{0, 0, 0}));
    }

    void badInputIsRefused()
    {
        const std::vector<float> good{1, 2, 3, 4};
        std::vector<float> bad = good;
        bad[2] = std::numeric_limits<float>::quiet_NaN();
        QCOMPARE(nearest({good, 2}, {bad, 2}, 1).error().code, Code::nonFinite);
        QCOMPARE(nearest({bad, 2}, {good, 2}, 1).error().code, Code::nonFinite);
        QCOMPARE(nearest({good, 2}, {good, 4}, 1).error().code, Code::wrongShape);
        QCOMPARE(nearest({{}, 2}, {good, 2}, 1).error().code, Code::wrongShape);
        QCOMPARE(classify({good, 2}, std::vector<int>{0}, 2, {good, 2}, 1).error().code, Code::wrongShape);
        QVERIFY(nearest({good, 2}, {{}, 2}, 1)->rows.empty());
    }
};

QTEST_APPLESS_MAIN(NeighboursTest)
#include "tst_neighbours.moc"
