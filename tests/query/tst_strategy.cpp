// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Strategy.h"

#include "base/Random.h"
#include "query/Uncertainty.h"

#include <QTest>
#include <cmath>
#include <limits>
#include <map>
#include <set>

using namespace foveate;
using namespace foveate::query;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<std::string> order(const std::vector<Ranked>& ranked)
{
    std::vector<std::string> ids;
    for (const Ranked& item : ranked)
        ids.push_back(item.id);
    return ids;
}

std::vector<std::string> numbered(int n)
{
    std::vector<std::string> ids;
    for (int i = 0; i < n; ++i)
        ids.push_back("id" + std::to_string(1000 + i));
    return ids;
}

/// Soft random rows of three classes.
std::vector<float> rows(int n, std::uint64_t seed)
{
    Random random(seed);
    std::vector<float> p;
    for (int i = 0; i < n; ++i) {
        const double a = random.uniform(), b = random.uniform() * (1 - a);
        p.insert(p.end(), {float(a), float(b), float(1 - a - b)});
    }
    return p;
}

} // namespace

class StrategyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void scoresAreTheFormulas()
    {
        const std::vector<float> p{0.5f, 0.25f, 0.25f};
        QCOMPARE(entropy(p).score, 1.5 * std::log(2.0));
        QCOMPARE(margin(p).score, 0.75);
        QCOMPARE(leastConfidence(p).score, 0.5);
        QVERIFY(entropy(p).reason == (Reason{ReasonCode::entropy, {1.5 * std::log(2.0), std::log(3.0), 0, 0.5}}));
        QVERIFY(margin(p).reason == (Reason{ReasonCode::margin, {0, 0.5, 1, 0.25}}));
        QVERIFY(leastConfidence(p).reason == (Reason{ReasonCode::leastConfidence, {0, 0.5}}));
        const std::vector<float> certain{0, 1, 0};
        QCOMPARE(entropy(certain).score, 0.0);
        QCOMPARE(margin(certain).score, 0.0);
        QCOMPARE(margin(certain).reason.numbers[2], 0.0);
        const std::vector<float> unscaled{2, 1, 1};
        QCOMPARE(entropy(unscaled).score, entropy(p).score);
    }

    void mostDoubtfulFirst()
    {
        const std::vector<std::string> ids{"a", "b", "c"};
        const std::vector<float> p{0.9f, 0.1f, 0.5f, 0.5f, 0.3f, 0.7f};
        for (const char* name : {"entropy", "margin", "least-confidence"}) {
            const auto ranked = *rank(name, {ids, p, 2, 1});
            QCOMPARE(order(ranked), (std::vector<std::string>{"b", "c", "a"}));
            QCOMPARE(ranked[0].rank, 1);
            QCOMPARE(ranked[2].rank, 3);
        }
    }

    void strategiesDiffer()
    {
        // Entropy prefers the even three-way row, margin the even two-way one.
        const std::vector<std::string> ids{"twoway", "threeway"};
        const std::vector<float> p{0.5f, 0.5f, 0, 0.4f, 0.3f, 0.3f};
        QCOMPARE(order(*rank("entropy", {ids, p, 3, 1}))[0], std::string("threeway"));
        QCOMPARE(order(*rank("margin", {ids, p, 3, 1}))[0], std::string("twoway"));
    }

    void tiesGoById()
    {
        const std::vector<std::string> ids{"c", "a", "b"};
        const std::vector<float> p{0.6f, 0.4f, 0.4f, 0.6f, 0.6f, 0.4f};
        QCOMPARE(order(*rank("margin", {ids, p, 2, 1})), (std::vector<std::string>{"a", "b", "c"}));
    }

    void whatSaysNothingComesLast()
    {
        const std::vector<std::string> ids{"z", "nan", "inf", "negative", "massless", "y"};
        const std::vector<float> p{1, 0, kNan, 0.5f, kInfinity, 0, -0.1f, 1.1f, 0, 0, 0.5f, 0.5f};
        for (const char* name : {"entropy", "margin", "least-confidence"}) {
            const auto ranked = *rank(name, {ids, p, 2, 1});
            QCOMPARE(order(ranked), (std::vector<std::string>{"y", "z", "inf", "massless", "nan", "negative"}));
            for (std::size_t i = 0; i < ranked.size(); ++i) {
                QVERIFY(std::isfinite(ranked[i].score));
                QCOMPARE(ranked[i].reason.code == ReasonCode::noEvidence, i >= 2);
                QCOMPARE(ranked[i].rank, int(i) + 1);
            }
        }
    }

    void everyStrategyRanksTheWholePoolTheSameWayAgain()
    {
        const auto ids = numbered(500);
        const auto p = rows(500, 4);
        for (const Strategy& s : strategies()) {
            const auto first = *rank(s.name, {ids, p, 3, 9}), second = *rank(s.name, {ids, p, 3, 9});
            QVERIFY(first == second);
            const auto ranked = order(first);
            QCOMPARE(std::set<std::string>(ranked.begin(), ranked.end()),
                     std::set<std::string>(ids.begin(), ids.end()));
        }
    }

    void thePoolsOrderDoesNotMatter()
    {
        const auto ids = numbered(100);
        const auto p = rows(100, 5);
        std::vector<std::string> turnedIds(ids.rbegin(), ids.rend());
        std::vector<float> turned;
        for (std::size_t i = 100; i-- > 0;)
            turned.insert(turned.end(), p.begin() + std::ptrdiff_t(i) * 3, p.begin() + std::ptrdiff_t(i) * 3 + 3);
        for (const Strategy& s : strategies())
            QVERIFY(*rank(s.name, {ids, p, 3, 2}) == *rank(s.name, {turnedIds, turned, 3, 2}));
    }

    void randomDependsOnTheSeedAlone()
    {
        const auto ids = numbered(50);
        const auto first = order(*rank("random", {ids, {}, 0, 1}));
        QVERIFY(first != order(*rank("random", {ids, {}, 0, 2})));
        QVERIFY(first != ids);
        // Taking the first away leaves the others in their order.
        std::vector<std::string> rest = ids;
        std::erase(rest, first[0]);
        QCOMPARE(order(*rank("random", {rest, {}, 0, 1})), std::vector<std::string>(first.begin() + 1, first.end()));
    }

    void randomIsFair()
    {
        const auto ids = numbered(10);
        std::map<std::string, int> firsts;
        for (std::uint64_t seed = 0; seed < 5000; ++seed)
            ++firsts[order(*rank("random", {ids, {}, 0, seed}))[0]];
        for (const std::string& id : ids)
            QVERIFY2(std::abs(firsts[id] - 500) < 90, qPrintable(QString::number(firsts[id])));
    }

    void smallPools()
    {
        const std::vector<std::string> one{"only"};
        const std::vector<float> p{0.2f, 0.8f};
        for (const Strategy& s : strategies()) {
            const auto ranked = *rank(s.name, {one, p, 2, 1});
            QCOMPARE(ranked.size(), std::size_t(1));
            QCOMPARE(ranked[0].rank, 1);
            QVERIFY(rank(s.name, {{}, {}, 0, 1})->empty());
        }
        const std::vector<float> oneClass{1};
        QCOMPARE((*rank("entropy", {one, oneClass, 1, 1}))[0].score, 0.0);
        QCOMPARE((*rank("margin", {one, oneClass, 1, 1}))[0].score, 0.0);
    }

    void aCutBeyondTheEndTakesAll()
    {
        const auto ids = numbered(5);
        const auto ranked = *rank("random", {ids, {}, 0, 1});
        QCOMPARE(best(ranked, 2).size(), std::size_t(2));
        QVERIFY(best(ranked, 2)[1] == ranked[1]);
        QVERIFY(best(ranked, 99) == ranked);
        QVERIFY(best({}, 3).empty());
    }

    void badRequestsAreRefused()
    {
        const auto ids = numbered(2);
        const std::vector<float> p{0.5f, 0.5f, 0.5f};
        QCOMPARE(rank("magic", {ids, p, 2, 1}).error(), (Error{Code::notFound, {"strategy", "magic"}}));
        QCOMPARE(rank("entropy", {ids, {}, 2, 1}).error().code, Code::needsTraining);
        QCOMPARE(rank("entropy", {ids, p, 2, 1}).error().code, Code::wrongShape);
        QCOMPARE(rank("entropy", {ids, p, 0, 1}).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(StrategyTest)
#include "tst_strategy.moc"
