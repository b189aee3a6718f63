// SPDX-License-Identifier: GPL-3.0-or-later
// Strategies on clusters: periphery, label-spread, typical, deep-saliency.
#include "query/LatentClusters.h"
#include "query/MadePool.h"
#include "query/SpreadVotes.h"

#include <QTest>
#include <algorithm>

using namespace foveate;
using namespace foveate::query;

namespace {

/// Two tight groups on a line, and one sample exactly between them.
MadePool twoGroups(int each)
{
    MadePool made(0, 0);
    Random random(8);
    for (int i = 0; i < 2 * each + 1; ++i) {
        made.ids.push_back("s" + std::to_string(100 + i));
        const double middle = i == 2 * each ? 0 : i % 2 ? 4 : -4;
        for (std::size_t k = 0; k < MadePool::kDimensions; ++k)
            made.features.push_back(
                float(k == 0 ? middle + (i == 2 * each ? 0 : random.normal()) : .1 * random.normal()));
    }
    return made;
}

Pool onFeatures(const MadePool& made, std::size_t classes)
{
    Pool pool;
    pool.ids = made.ids;
    pool.features = made.features;
    pool.dimensions = MadePool::kDimensions;
    pool.classes = classes;
    return pool;
}

} // namespace

class ClustersTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatLiesBetweenComesFirst()
    {
        const MadePool made = twoGroups(60);
        for (const char* name : {"periphery", "periphery-silhouette"}) {
            const auto items = rank(name, onFeatures(made, 2))->items;
            const auto at = std::find_if(items.begin(), items.end(), [](const Ranked& i) { return i.id == "s220"; });
            QVERIFY2(at - items.begin() < 3, name);
        }
    }

    void whatLiesFarOutComesFirst()
    {
        MadePool made = twoGroups(60);
        made.features[7 * MadePool::kDimensions + 3] = 5;
        const auto items = rank("periphery-zscore", onFeatures(made, 2))->items;
        QCOMPARE(items[0].id, std::string("s107"));
        QCOMPARE(items[0].reason.numbers[2], 1.0);
    }

    void peripheryKeepsAHundredthWhenItsRuleKeepsNothing()
    {
        MadePool made = twoGroups(60);
        made.ids.pop_back();
        made.features.resize(made.features.size() - MadePool::kDimensions);
        Pool pool = onFeatures(made, 2);
        for (const PeripheryRule rule : {PeripheryRule::below, PeripheryRule::band}) {
            pool.options.peripheryRule = rule;
            const Ranking found = *rank("periphery", pool);
            QVERIFY(found.notes.contains("band"));
            QCOMPARE(found.items[0].reason.numbers[4], 1.0);
            QCOMPARE(found.items[2].reason.numbers[4], 0.0);
        }
    }

    void theMixtureModelIsAnOption()
    {
        const MadePool made = twoGroups(60);
        Pool pool = onFeatures(made, 2);
        const auto gaussians = rank("periphery", pool)->items;
        pool.options.clusterModel = ClusterModel::gmm;
        QVERIFY(rank("periphery", pool)->items != gaussians);
    }

    void labelsDisagreeBetweenTheGroups()
    {
        MadePool made;
        made.options.spreadRuns = 40;
        made.options.repeat = 3;
        const Ranking found = *rank("label-spread", made.pool());
        QVERIFY(found.notes.contains("table"));
        const auto mean = found.notes["table"]["mean"];
        QCOMPARE(mean.size(), std::size_t(10));
        double before = 1e9;
        for (const auto& row : mean) { // a stricter threshold never keeps more
            const double sum = row[0].get<double>() + row[1].get<double>() + row[2].get<double>();
            QVERIFY(sum <= before);
            before = sum;
        }
        bool others = false;
        for (const Ranked& item : found.items) {
            const bool kept = item.reason.code == ReasonCode::spread && item.reason.numbers[2] > 0;
            QVERIFY(!(kept && others));
            others = others || !kept;
        }
    }

    void fewLabelsAreSaid()
    {
        MadePool made(60, 7); // 3, 2 and 2 labels
        made.options.spreadRuns = 10;
        const Ranking found = *rank("label-spread", made.pool());
        QVERIFY(found.notes["few_labels"]["1"] == 2);
    }

    void seedsAreOfEveryClassAndAtMostEighty()
    {
        std::vector<int> classes(500, 0);
        for (std::size_t i = 0; i < 10; ++i)
            classes[i * 7] = 1;
        const auto rows = seedRows(classes, 2, 1);
        QCOMPARE(rows.size(), std::size_t(80));
        QCOMPARE(std::count_if(rows.begin(), rows.end(), [&](std::size_t r) { return classes[r] == 1; }),
                 std::ptrdiff_t(10));
        QVERIFY(std::is_sorted(rows.begin(), rows.end()));
        QCOMPARE(seedRows(classes, 2, 1), rows);
    }

    void thresholdsCountByTheModalClass()
    {
        // Of 4 runs: a 3:1, a 2:2, an unreached one.
        const ThresholdTable table = thresholdTable({{2, 4, {3, 1, 2, 2, 0, 0}, false}});
        QCOMPARE(table.mean[0], (std::vector<double>{2, 0}));
        QCOMPARE(table.mean[1], (std::vector<double>{1, 0}));
        QCOMPARE(table.mean[2], (std::vector<double>{0, 0}));
    }

    void typicalTakesEachGroupInTurn()
    {
        const MadePool made = twoGroups(40);
        Pool pool = onFeatures(made, 2);
        pool.options.count = 2;
        const auto items = rank("typical", pool)->items;
        QVERIFY(items[0].reason.numbers[1] != items[1].reason.numbers[1]);
        QVERIFY(items[0].id != "s180" && items[1].id != "s180"); // the lonely one is not typical
    }

    void representativesAreAskedForFirst()
    {
        MadePool made(80, 0);
        const Ranking found = *rank("deep-saliency", made.pool());
        for (int i = 0; i < 10; ++i)
            QVERIFY(found.items[std::size_t(i)].reason == (Reason{ReasonCode::representative, {double(i + 1)}}));
        QVERIFY(found.items[10].reason.code == ReasonCode::awaiting);
    }

    void labelledRepresentativesGiveLevels()
    {
        MadePool made(80, 60);
        made.options.clusters = 4;
        const Ranking found = *rank("deep-saliency", made.pool());
        QVERIFY(found.items[0].reason.code == ReasonCode::level);
        QCOMPARE(found.notes["levels"].size(), std::size_t(4));
        // A gain as of the clusters' order turns the list with it.
        Pool pool = made.pool();
        for (Impact& impact : pool.impacts)
            impact.gain = -impact.gain;
        QVERIFY(rank("deep-saliency", pool)->items != found.items);
        pool.impacts.clear();
        QCOMPARE(rank("deep-saliency", pool).error().code, Code::wrongShape);
    }

    /// P4's Algorithm 2 as it is written: nobody is asked, every labelled sample represents a cluster once.
    void literallyTheLabelledAreUsedUp()
    {
        MadePool made(80, 30);
        made.options.clusters = 4;
        made.options.literal = true;
        const std::vector<LatentClusters> rounds = *clustersToExhaustion(made.pool());
        std::vector<std::string> represented;
        std::size_t left = made.labelledIds.size();
        for (const LatentClusters& round : rounds) {
            QCOMPARE(round.rows.size(), left);
            QVERIFY(round.allLabelled());
            for (const LatentCluster& cluster : round.clusters)
                represented.push_back(cluster.representative);
            left -= round.clusters.size();
        }
        std::sort(represented.begin(), represented.end());
        QCOMPARE(represented, made.labelledIds);
        const Ranking found = *rank("deep-saliency", made.pool());
        QVERIFY(found.items[0].reason.code == ReasonCode::level);
        QVERIFY(found.notes["rounds"].size() + 1 >= rounds.size()); // a last one of a single cluster says nothing
        Pool pool = made.pool();
        for (Impact& impact : pool.impacts)
            impact.gain = -impact.gain;
        QVERIFY(rank("deep-saliency", pool)->items != found.items);
        pool.labelled = {};
        QCOMPARE(rank("deep-saliency", pool).error().code, Code::needsLabels);
    }

    void levelsAreSmoothedOverNeighbours()
    {
        QCOMPARE(levelsOf({.1, .9, .2}, false), (std::vector<int>{3, 1, 2}));
        QCOMPARE(levelsOf({0, 1, 0, .6, .6}, true), (std::vector<int>{5, 2, 4, 3, 1}));
        QCOMPARE(levelsOf({0, 0, 0}, true), (std::vector<int>{1, 2, 3}));
        QCOMPARE(levelsOf({5}, true), (std::vector<int>{1}));
    }
};

QTEST_APPLESS_MAIN(ClustersTest)
#include "tst_clusters.moc"
