// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Borda.h"

#include "query/MadePool.h"

#include <QTest>

using namespace foveate;
using namespace foveate::query;

class BordaTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalNumbersShareTheirRank()
    {
        QCOMPARE(ranksOf(std::vector<double>{3, 9, 3, 1}), (std::vector<double>{2.5, 1, 2.5, 4}));
        QVERIFY(ranksOf({}).empty());
    }

    void spearmanIsOfTheRanks()
    {
        // scipy.stats.spearmanr 1.17: [1,2,3,4,5] against [5,6,7,8,7] is .8207826816681233.
        QVERIFY(std::abs(spearman(std::vector<double>{1, 2, 3, 4, 5}, std::vector<double>{5, 6, 7, 8, 7}) -
                         .8207826816681233) < 1e-12);
        QCOMPARE(spearman(std::vector<double>{1, 10, 100}, std::vector<double>{3, 2, 1}), -1.0);
        QCOMPARE(spearman(std::vector<double>{1, 2}, std::vector<double>{4, 4}), 0.0);
    }

    void bordaIsTheMeanRank()
    {
        const auto ranks = bordaRanks({{1, 2, 3}, {10, 30, 20}}, std::vector<int>{1, -1});
        QCOMPARE(ranks, (std::vector<double>{2, 2.5, 1.5}));
    }

    void directionsFollowKurtosis()
    {
        MadePool made(20, 0);
        // columns: kurtosis, skewness (with it), entropy (against it), total energy (with it)
        for (std::size_t i = 0; i < 20; ++i) {
            const float v = float(i + 1);
            const float row[] = {v, 2 * v, 100 - v, v * v};
            std::copy(std::begin(row), std::end(row), made.tables[1].begin() + std::ptrdiff_t(4 * i));
        }
        const Ranking found = *rank("radiomics-firstorder", made.pool());
        QVERIFY(found.notes["directions"]["skewness"] == 1);
        QVERIFY(found.notes["directions"]["entropy"] == -1);
        QCOMPARE(found.items[0].id, made.ids[19]);
        QCOMPARE(found.items[0].reason.numbers, (std::vector<double>{1, 20}));
        made.options.directions = Directions::large;
        QVERIFY(rank("radiomics-firstorder", made.pool())->notes["directions"]["entropy"] == 1);
    }

    void shapesDirectionsAreGivenAndCancelWhenTakenLiterally()
    {
        MadePool made(20, 0);
        QVERIFY(rank("radiomics-shape2d", made.pool())->notes["directions"]["spherical_disproportion"] == -1);
        made.options.directions = Directions::large;
        QVERIFY(rank("radiomics-shape2d", made.pool())->notes.contains("cancelling"));
    }
};

QTEST_APPLESS_MAIN(BordaTest)
#include "tst_borda.moc"
