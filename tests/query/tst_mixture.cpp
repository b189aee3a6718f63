// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Strategy.h"

#include "query/MadePool.h"

#include <QTest>
#include <set>

using namespace foveate;
using namespace foveate::query;

class MixtureTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesAreTakenApart()
    {
        const auto parts = *parseStrategy("entropy:.5+kurtosis-image-reversed:.25+random:.25");
        QCOMPARE(parts.size(), std::size_t(3));
        QCOMPARE(parts[1].strategy->name, std::string_view("kurtosis"));
        QVERIFY(parts[1].variant.ofImage && parts[1].variant.reversed);
        QVERIFY(!parts[0].variant.ofImage && !parts[0].variant.reversed);
        QCOMPARE(parts[0].share, .5);
        QVERIFY(!allowsPrefilter(parts));
        QCOMPARE((*parseStrategy("entropy+random"))[1].share, .5);
        QCOMPARE((*parseStrategy("entropy:3+random:1"))[0].share, .75);
        for (const char* bad : {"", "entropy+", "+", "tarot", "entropy:.5+tarot:.5", "-image", "-reversed"})
            QCOMPARE(parseStrategy(bad).error().code, Code::notFound);
        for (const char* bad :
             {"entropy:", "entropy:-1", "entropy:0", "entropy:x", "entropy:.5x", "entropy:nan", "entropy:inf"})
            QCOMPARE(parseStrategy(bad).error().code, Code::usage);
    }

    void everyPrefixHoldsTheShares()
    {
        const MadePool made;
        const Ranking mix = *rank("entropy:.5+coreset:.3+random:.2", made.pool());
        int entropy = 0, coreset = 0, random = 0;
        for (std::size_t i = 0; i < 30; ++i) {
            entropy += mix.items[i].reason.code == ReasonCode::entropy;
            coreset += mix.items[i].reason.code == ReasonCode::coreset;
            random += mix.items[i].audit;
        }
        QVERIFY(std::abs(entropy - 15) <= 2 && std::abs(coreset - 9) <= 2 && std::abs(random - 6) <= 2);
        QCOMPARE(mix.items[0].id, rank("entropy", made.pool())->items[0].id);
        std::set<std::string> seen;
        for (std::size_t i = 0; i < mix.items.size(); ++i) {
            seen.insert(mix.items[i].id);
            QCOMPARE(mix.items[i].rank, int(i) + 1);
        }
        QCOMPARE(seen.size(), made.ids.size());
    }

    void theAuditIsAFairDraw()
    {
        // Whatever the other part takes, the audited are the first of the random list.
        const MadePool made;
        const auto random = rank("random", made.pool())->items;
        const auto mix = rank("entropy:.8+random:.2", made.pool())->items;
        std::set<std::string> audited;
        for (std::size_t i = 0; i < mix.size(); ++i)
            if (mix[i].audit)
                audited.insert(mix[i].id);
        QVERIFY(audited.size() > 10);
        for (std::size_t i = 0; i < audited.size(); ++i)
            QVERIFY(audited.contains(random[i].id));
    }

    void whatNoPartKnowsComesLast()
    {
        MadePool made(6, 0);
        made.probabilities[0] = made.probabilities[3] = std::numeric_limits<float>::quiet_NaN();
        const auto mix = rank("entropy+margin", made.pool())->items;
        QVERIFY(mix[3].reason.code != ReasonCode::noEvidence);
        QCOMPARE(mix[4].id, made.ids[0]);
        QCOMPARE(mix[5].id, made.ids[1]);
        QCOMPARE(mix[5].score, kNoEvidence);
    }
};

QTEST_APPLESS_MAIN(MixtureTest)
#include "tst_mixture.moc"
