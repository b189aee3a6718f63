// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/OnlineForest.h"

#include <QTest>
#include <cmath>
#include <numeric>

using namespace foveate;
using namespace foveate::query;

namespace {

/// Three rings about the origin: not to be parted by one line.
struct Rings {
    std::vector<float> values;
    std::vector<int> labels;
    Rings(int n, std::uint64_t seed)
    {
        Random random(seed);
        for (int i = 0; i < n; ++i) {
            const int ring = int(random.below(3));
            const double angle = random.uniform(0, 6.2831853), radius = 1 + ring + random.uniform(-.3, .3);
            values.insert(values.end(), {float(radius * std::cos(angle)), float(radius * std::sin(angle))});
            labels.push_back(ring);
        }
    }
};

double accuracy(const OnlineForest& forest, const Rings& rings)
{
    int right = 0;
    for (std::size_t i = 0; i < rings.labels.size(); ++i) {
        const auto p = forest.probabilities(std::span(rings.values).subspan(2 * i, 2));
        right += std::max_element(p.begin(), p.end()) - p.begin() == rings.labels[i];
    }
    return double(right) / double(rings.labels.size());
}

} // namespace

class ForestTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void learnsWhatNoLineParts()
    {
        const Rings seen(1500, 1), unseen(600, 2);
        const OnlineForest forest = fitForest(seen.values, 2, seen.labels, 3, {});
        QVERIFY2(accuracy(forest, unseen) > .9, qPrintable(QString::number(accuracy(forest, unseen))));
    }

    void growsWhileSamplesCome()
    {
        const Rings first(60, 3), more(3000, 4), unseen(600, 5);
        OnlineForest forest = fitForest(first.values, 2, first.labels, 3, {.passes = 1});
        const double before = accuracy(forest, unseen);
        for (std::size_t i = 0; i < more.labels.size(); ++i)
            forest.update(std::span(more.values).subspan(2 * i, 2), more.labels[i]);
        QVERIFY(accuracy(forest, unseen) > before + .1);
    }

    void sameSeedSameForest()
    {
        const Rings rings(300, 6);
        const std::vector<float> point{.5f, -1.5f};
        ForestOptions options;
        options.trees = 20;
        const auto first = fitForest(rings.values, 2, rings.labels, 3, options).probabilities(point);
        QCOMPARE(fitForest(rings.values, 2, rings.labels, 3, options).probabilities(point), first);
        QVERIFY(std::abs(std::accumulate(first.begin(), first.end(), 0.0) - 1) < 1e-12);
        options.seed = 2;
        QVERIFY(fitForest(rings.values, 2, rings.labels, 3, options).probabilities(point) != first);
    }

    void knowsNothingAtFirst()
    {
        const OnlineForest forest(4, {0}, {1}, {.trees = 3});
        QCOMPARE(forest.probabilities(std::vector<float>{.5f}), (std::vector<double>(4, .25)));
    }

    void equalSamplesAreDefined()
    {
        const std::vector<float> same(40, 1);
        std::vector<int> labels(20, 0);
        labels[3] = 1;
        const auto p = fitForest(same, 2, labels, 2, {.trees = 10}).probabilities(std::vector<float>{1, 1});
        QVERIFY(p[0] > .8 && std::isfinite(p[0]));
    }
};

QTEST_APPLESS_MAIN(ForestTest)
#include "tst_forest.moc"
