// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/NeighbourGraph.h"
#include "embed/Neighbours.h"
#include "embed/Reference.h"

#include <QTest>
#include <limits>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

class NeighbourGraphTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// More points than a tile of the search holds, clusters far apart, an outlier that blurs float32.
    void isTheTableWithoutThePointsThemselves()
    {
        auto values = clustered(2500, 30, 5, 1, 50);
        values[17] = 1e5F;
        const Points points{values, 30};
        const auto graph = neighbourGraph(points, {.k = 9, .threads = 2});
        const auto table = nearest(points, points, 10, 1);
        QVERIFY(graph->exact && graph->recall == 1);
        for (std::size_t i = 0; i < 2500; ++i)
            for (std::size_t j = 0; j < 9; ++j) {
                QCOMPARE(std::int64_t(graph->rowsOf(i)[j]), table->rows[i * 10 + j + 1]);
                QCOMPARE(graph->distancesOf(i)[j], float(table->distances[i * 10 + j + 1]));
            }
    }

    void equalPointsAreNotTheirOwnNeighbours()
    {
        const auto values = equalPoints(400, 2);
        const auto graph = neighbourGraph({values, 2}, {.k = 3});
        for (std::size_t i = 0; i < 400; ++i)
            for (std::size_t j = 0; j < 3; ++j) {
                QVERIFY(graph->rowsOf(i)[j] != std::int32_t(i));
                QCOMPARE(graph->rowsOf(i)[j], std::int32_t(j + std::size_t(j >= i)));
            }
    }

    void hugeFeaturesDoNotOverflow()
    {
        const std::vector<float> values{1e38F, -1e38F, 9e37F, 0};
        const auto graph = neighbourGraph({values, 1}, {.k = 1});
        QCOMPARE(graph->rows, (std::vector<std::int32_t>{2, 3, 0, 2}));
    }

    void kIsCut()
    {
        const auto values = clustered(4, 3, 1, 1);
        QCOMPARE(neighbourGraph({values, 3}, {.k = 15})->k, std::size_t(3));
        QCOMPARE(neighbourGraph({std::span(values).first(3), 3}, {.k = 15})->k, std::size_t(0));
    }

    void approximateGraphsSayTheirRecallAndDoNotDependOnThreads()
    {
        const auto values = clustered(3000, 10, 5, 2);
        const auto graph = [&](int threads) {
            return *neighbourGraph({values, 10}, {.k = 10, .exactLimit = 100, .threads = threads});
        };
        const NeighbourGraph one = graph(1), three = graph(3);
        QCOMPARE(one.rows, three.rows);
        QVERIFY(!one.exact);
        const auto exact = neighbourGraph({values, 10}, {.k = 10});
        std::size_t hits = 0;
        for (std::size_t i = 0; i < 3000; ++i)
            for (const std::int32_t row : one.rowsOf(i)) {
                QVERIFY(row != std::int32_t(i));
                const auto rows = exact->rowsOf(i);
                hits += std::size_t(std::find(rows.begin(), rows.end(), row) != rows.end());
            }
        QVERIFY(std::abs(one.recall - double(hits) / 30000) < .01);
        QVERIFY(one.recall > .95);
    }

    void badInputIsRefused()
    {
        auto values = clustered(5, 2, 1, 1);
        values[3] = std::numeric_limits<float>::quiet_NaN();
        QCOMPARE(neighbourGraph({values, 2}, {}).error().code, Code::nonFinite);
        QCOMPARE(neighbourGraph({{}, 2}, {}).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(NeighbourGraphTest)
#include "tst_neighbourgraph.moc"
