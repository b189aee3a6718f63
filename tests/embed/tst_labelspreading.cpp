// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/LabelSpreading.h"
#include "embed/Reference.h"

#include <QTest>
#include <limits>
#include <numeric>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

namespace {

using Runs = std::vector<std::vector<std::int64_t>>;

/// The points, labels and runs of make.py.
struct Case {
    std::vector<float> values = reference<float>("spreading-points");
    std::vector<int> labels = referenceLabels();
    Runs runs;
    Points points() const { return {values, 6}; }

    Case()
    {
        const auto flat = reference<std::int64_t>("spreading-runs");
        for (std::size_t at = 0; at < flat.size(); at += 20)
            runs.emplace_back(flat.begin() + std::ptrdiff_t(at), flat.begin() + std::ptrdiff_t(at + 20));
    }

    Spread spread(SpreadingOptions options = {}, const Runs* some = nullptr) const
    {
        options.gamma = 2;
        options.alpha = .2;
        return *spreadLabels(points(), labels, 4, some ? *some : runs, options);
    }
};

std::vector<std::int64_t> labelsOf(const Spread& spread)
{
    return {spread.labels.begin(), spread.labels.end()};
}

} // namespace

class LabelSpreadingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithScikitLearn()
    {
        const Spread spread = Case().spread();
        QVERIFY(!spread.sparse);
        QCOMPARE(labelsOf(spread), reference<std::int64_t>("spreading-labels"));
        const auto updates = reference<std::int64_t>("spreading-updates");
        QCOMPARE(std::vector<std::int64_t>(spread.updates.begin(), spread.updates.end()), updates);
    }

    void sparseAgreesWithScikitLearnOnTheSameGraph()
    {
        const Case data;
        const Spread spread = data.spread({.denseLimit = 10, .neighbours = 10});
        QVERIFY(spread.sparse);
        const auto expected = reference<std::int64_t>("spreading-sparse-labels");
        for (std::size_t i = 0; i < expected.size(); ++i)
            if (spread.labels[i] != kUnreached) // there scikit-learn says class 0
                QCOMPARE(std::int64_t(spread.labels[i]), expected[i]);
        const auto graph = neighbourGraph(data.points(), {.k = 25});
        const Spread again = *spreadLabels(data.points(), data.labels, 4, data.runs,
                                           {.gamma = 2, .alpha = .2, .denseLimit = 10, .neighbours = 25}, &*graph);
        const Spread own = data.spread({.denseLimit = 10, .neighbours = 25});
        QCOMPARE(again.labels, own.labels);
    }

    /// 6 runs go by run and class (24 columns against about 90 seeds), 60 runs of few seeds by seed.
    void runsFromOnePassAreThoseOfRunByRun()
    {
        Case data;
        Random random(3);
        Runs many;
        for (int r = 0; r < 60; ++r) {
            many.emplace_back();
            for (int s = 0; s < 8; ++s)
                many.back().push_back(data.runs[0][random.below(20)]);
            std::sort(many.back().begin(), many.back().end());
            many.back().erase(std::unique(many.back().begin(), many.back().end()), many.back().end());
        }
        for (const Runs& runs : {data.runs, many}) {
            const Spread together = data.spread({}, &runs);
            for (std::size_t r = 0; r < runs.size(); ++r) {
                const Runs one{runs[r]};
                const Spread alone = data.spread({}, &one);
                QCOMPARE(alone.updates[0], together.updates[r]);
                for (std::size_t i = 0; i < 300; ++i)
                    QCOMPARE(alone.labelsOf(i)[0], together.labelsOf(i)[r]);
            }
        }
    }

    void threadsDoNotMatter()
    {
        const Case data;
        QCOMPARE(data.spread({.threads = 1}).labels, data.spread({.threads = 3}).labels);
        QCOMPARE(data.spread({.denseLimit = 10, .threads = 1}).labels,
                 data.spread({.denseLimit = 10, .threads = 3}).labels);
    }

    void convergedGoesOn()
    {
        const Case data;
        const Spread usual = data.spread(), converged = data.spread({.converge = true});
        QVERIFY(converged.updates[0] > usual.updates[0]);
        QCOMPARE(converged.labels.size(), usual.labels.size());
    }

    void whatNoMassReachesIsUnreached()
    {
        const std::vector<float> values{0, .1F, 1, 1000};
        const Spread spread = *spreadLabels({values, 1}, std::vector<int>{0, 0, 1, 0}, 2, {{0, 2}}, {.gamma = 20});
        QCOMPARE(spread.labels, (std::vector<std::int16_t>{0, 0, 1, kUnreached}));
        QCOMPARE(votes(spread, 2), (std::vector<int>{1, 0, 1, 0, 0, 1, 0, 0}));
    }

    void equalPointsFollowTheSeeds()
    {
        const auto values = equalPoints(5, 3);
        const Spread spread = *spreadLabels({values, 3}, std::vector<int>{1, 1, 0, 0, 0}, 2, {{0, 1, 2}}, {});
        for (const std::int64_t row : {3, 4})
            QCOMPARE(spread.labelsOf(std::size_t(row))[0], std::int16_t(1));
        const std::vector<float> one{3};
        QCOMPARE(spreadLabels({one, 1}, std::vector<int>{0}, 1, {{0}}, {})->labels, std::vector<std::int16_t>{0});
    }

    void badInputIsRefused()
    {
        const std::vector<float> values{0, 1, 2};
        const std::vector<int> labels{0, 1, 7};
        const auto code = [&](const Runs& runs) { return spreadLabels({values, 1}, labels, 2, runs, {}).error().code; };
        QCOMPARE(code({{}}), Code::needsLabels);
        QCOMPARE(code({{0, 3}}), Code::wrongShape);
        QCOMPARE(code({{-1}}), Code::wrongShape);
        QCOMPARE(code({{2}}), Code::wrongShape);
        QCOMPARE(spreadLabels({values, 1}, std::vector<int>{0}, 2, {{0}}, {}).error().code, Code::wrongShape);
        QCOMPARE(spreadLabels({values, 1}, labels, 2, {{0}}, {.alpha = 1}).error().code, Code::usage);
        const std::vector<float> bad{0, std::numeric_limits<float>::quiet_NaN(), 2};
        QCOMPARE(spreadLabels({bad, 1}, labels, 2, {{0}}, {}).error().code, Code::nonFinite);
    }
};

QTEST_APPLESS_MAIN(LabelSpreadingTest)
#include "tst_labelspreading.moc"
