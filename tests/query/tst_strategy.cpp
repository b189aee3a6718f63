// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Strategy.h"

#include "query/MadePool.h"
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

/// A pool of which only probabilities are known.
Result<Ranking> rankBy(std::string_view name, std::span<const std::string> ids, std::span<const float> p,
                       std::size_t classes, std::uint64_t seed = 1)
{
    Pool pool;
    pool.ids = ids;
    pool.probabilities = p;
    pool.classes = classes;
    pool.seed = seed;
    return rank(name, pool);
}

std::vector<Ranked> itemsBy(std::string_view name, std::span<const std::string> ids, std::span<const float> p,
                            std::size_t classes, std::uint64_t seed = 1)
{
    return rankBy(name, ids, p, classes, seed)->items;
}

std::vector<std::string> numbered(int n)
{
    std::vector<std::string> ids;
    for (int i = 0; i < n; ++i)
        ids.push_back("id" + std::to_string(1000 + i));
    return ids;
}

} // namespace

class StrategyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void questionsOfAMultiLabelStudy()
    {
        const std::vector<float> p{0.5f, 0.25f, 1};
        const double sum = std::log(2.0) - .25 * std::log(.25) - .75 * std::log(.75);
        QVERIFY(std::abs(entropy(p, true).score - sum) < 1e-12);
        QCOMPARE(margin(p, true).score, 1.0);
        QCOMPARE(margin(std::span(p).subspan(1), true).score, 0.5);
        QCOMPARE(leastConfidence(p, true).score, 1 - .5 * .75);
        for (const auto doubt : {entropy, margin, leastConfidence}) {
            QVERIFY(doubt(p, true).reason == (Reason{ReasonCode::question, {0, 0.5}}));
            // All of it certain is an answer, not a row that says nothing.
            QCOMPARE(doubt(std::vector<float>{0, 0}, true).score, 0.0);
            for (const float bad : {kNan, -.1f, 1.5f})
                QCOMPARE(doubt(std::vector<float>{.5f, bad}, true).score, kNoEvidence);
        }
        const std::vector<std::string> ids{"a", "b", "c"};
        const std::vector<float> rows{.9f, .9f, .5f, .1f, 0, 0};
        Pool pool;
        pool.ids = ids;
        pool.probabilities = rows;
        pool.classes = 2;
        pool.multiLabel = true;
        QCOMPARE(rank("margin", pool)->items.front().id, std::string("b"));
        QCOMPARE(rank("entropy", pool)->items.back().id, std::string("c"));
    }

    void whatNeedsOneClassAnImageIsRefused()
    {
        const MadePool made(24, 3);
        Pool pool = made.pool();
        pool.multiLabel = true;
        for (const char* name : {"label-spread", "proxy", "deep-saliency"}) {
            const auto refused = rank(name, pool);
            QVERIFY2(!refused && refused.error().code == Code::needsOneClass, name);
            QCOMPARE(refused.error().arg(0), std::string(name));
        }
        for (const char* name : {"entropy", "mc-dropout", "bald", "coreset", "kurtosis"})
            QVERIFY2(rank(name, pool), name);
    }

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
            const auto ranked = itemsBy(name, ids, p, 2, 1);
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
        QCOMPARE(order(itemsBy("entropy", ids, p, 3, 1))[0], std::string("threeway"));
        QCOMPARE(order(itemsBy("margin", ids, p, 3, 1))[0], std::string("twoway"));
    }

    void tiesGoById()
    {
        const std::vector<std::string> ids{"c", "a", "b"};
        const std::vector<float> p{0.6f, 0.4f, 0.4f, 0.6f, 0.6f, 0.4f};
        QCOMPARE(order(itemsBy("margin", ids, p, 2, 1)), (std::vector<std::string>{"a", "b", "c"}));
    }

    void whatSaysNothingComesLast()
    {
        const std::vector<std::string> ids{"z", "nan", "inf", "negative", "massless", "y"};
        const std::vector<float> p{1, 0, kNan, 0.5f, kInfinity, 0, -0.1f, 1.1f, 0, 0, 0.5f, 0.5f};
        for (const char* name : {"entropy", "margin", "least-confidence"}) {
            const auto ranked = itemsBy(name, ids, p, 2, 1);
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
        const MadePool made;
        for (const std::string& name : strategyNames()) {
            const auto first = rank(name, made.pool()), second = rank(name, made.pool());
            QVERIFY2(first && second, (name + ' ' + (first ? "" : describe(first.error()))).c_str());
            QVERIFY2(first->items == second->items, name.c_str());
            QCOMPARE(first->items.size(), made.ids.size());
            std::set<std::string> seen;
            for (std::size_t i = 0; i < first->items.size(); ++i) {
                const Ranked& item = first->items[i];
                QCOMPARE(item.rank, int(i) + 1);
                QVERIFY(std::isfinite(item.score));
                QVERIFY2(i == 0 || item.score <= first->items[i - 1].score, name.c_str());
                QVERIFY(reasonFromText(toText(item.reason))->code == item.reason.code);
                seen.insert(item.id);
            }
            QCOMPARE(seen, std::set<std::string>(made.ids.begin(), made.ids.end()));
        }
    }

    void thePoolsOrderDoesNotMatterNorDoThreads()
    {
        const MadePool made;
        const std::size_t n = made.ids.size(), m = made.labelledIds.size();
        const auto turned = [](const auto& values, std::size_t rows, std::size_t planes = 1) {
            auto back = values;
            const std::size_t columns = values.size() / rows / planes;
            for (std::size_t plane = 0; plane < planes; ++plane)
                for (std::size_t i = 0; i < rows; ++i)
                    std::copy_n(values.begin() + std::ptrdiff_t((plane * rows + i) * columns), columns,
                                back.begin() + std::ptrdiff_t((plane * rows + rows - 1 - i) * columns));
            return back;
        };
        MadePool other = made;
        other.ids = turned(made.ids, n);
        other.features = turned(made.features, n);
        other.probabilities = turned(made.probabilities, n);
        other.latents = turned(made.latents, n);
        other.passes = turned(made.passes, n, MadePool::kPasses);
        for (std::size_t k = 0; k < made.tables.size(); ++k)
            other.tables[k] = turned(made.tables[k], n);
        other.labelledIds = turned(made.labelledIds, m);
        other.classes = turned(made.classes, m);
        other.labelledFeatures = turned(made.labelledFeatures, m);
        other.labelledLatents = turned(made.labelledLatents, m);
        Pool pool = other.pool();
        pool.threads = 1;
        pool.impacts = made.pool().impacts;
        for (const std::string& name : strategyNames())
            QVERIFY2(rank(name, made.pool())->items == rank(name, pool)->items, name.c_str());
    }

    void everyPrefixOfStratifiedHoldsTheClassesInProportion()
    {
        const auto ids = numbered(120);
        std::vector<int> strata;
        for (int i = 0; i < 120; ++i)
            strata.push_back(i % 12 == 0 ? 2 : i % 3 == 1 ? 1 : 0);
        Pool pool;
        pool.ids = ids;
        pool.strata = strata;
        pool.classes = 3;
        const auto items = rank("stratified", pool)->items;
        std::map<double, int> counts;
        for (std::size_t i = 0; i < 24; ++i)
            ++counts[items[i].reason.numbers[0]];
        QCOMPARE(counts[0.0], 14);
        QCOMPARE(counts[1.0], 8);
        QCOMPARE(counts[2.0], 2);
        QVERIFY(items != rank("stratified",
                              [&] {
                                  pool.seed = 2;
                                  return pool;
                              }())
                             ->items);
    }

    void dropoutIsTheVarianceAndBaldTheInformation()
    {
        // Two passes: "a" sure of class 0, then of class 1; "b" undecided in both.
        const std::vector<std::string> ids{"a", "b"};
        const std::vector<float> passes{1, 0, .5f, .5f, 0, 1, .5f, .5f};
        Pool pool;
        pool.ids = ids;
        pool.passes = passes;
        pool.classes = 2;
        const auto variance = rank("mc-dropout", pool)->items;
        QCOMPARE(variance[0].id, std::string("a"));
        QCOMPARE(variance[0].score, .5);
        QCOMPARE(variance[1].score, 0.0);
        const auto information = rank("bald", pool)->items;
        QCOMPARE(information[0].score, std::log(2.0));
        QCOMPARE(information[1].score, 0.0);
        // With p(1 − p) added both are p̄(1 − p̄), and ties go by id.
        pool.options.aleatoric = Aleatoric::bernoulli;
        QCOMPARE(rank("mc-dropout", pool)->items[1].score, .5);
    }

    void reversedIsTheOtherWayRound()
    {
        const MadePool made;
        for (const char* name : {"kurtosis", "kurtosis-image"}) {
            auto forth = order(rank(name, made.pool())->items);
            const auto back = rank(std::string(name) + "-reversed", made.pool())->items;
            QCOMPARE(back.front().id, forth.back());
            QVERIFY(back.back().score >= 0);
        }
        QCOMPARE(order(rank("kurtosis-image-reversed", made.pool())->items),
                 order(rank("kurtosis-reversed-image", made.pool())->items));
        QCOMPARE(rank("entropy-reversed", made.pool()).error().code, Code::notFound);
        QCOMPARE(rank("random-image", made.pool()).error().code, Code::notFound);
    }

    void randomDependsOnTheSeedAlone()
    {
        const auto ids = numbered(50);
        const auto first = order(itemsBy("random", ids, {}, 0, 1));
        QVERIFY(first != order(itemsBy("random", ids, {}, 0, 2)));
        QVERIFY(first != ids);
        // Taking the first away leaves the others in their order.
        std::vector<std::string> rest = ids;
        std::erase(rest, first[0]);
        QCOMPARE(order(itemsBy("random", rest, {}, 0, 1)), std::vector<std::string>(first.begin() + 1, first.end()));
    }

    void randomIsFair()
    {
        const auto ids = numbered(10);
        std::map<std::string, int> firsts;
        for (std::uint64_t seed = 0; seed < 5000; ++seed)
            ++firsts[order(itemsBy("random", ids, {}, 0, seed))[0]];
        for (const std::string& id : ids)
            QVERIFY2(std::abs(firsts[id] - 500) < 90, qPrintable(QString::number(firsts[id])));
    }

    void smallPools()
    {
        const MadePool one(1, 30), none(0, 30);
        for (const std::string& name : strategyNames()) {
            const auto ranked = rank(name, one.pool());
            QVERIFY2(ranked.has_value(), name.c_str());
            QCOMPARE(ranked->items.size(), std::size_t(1));
            QCOMPARE(ranked->items[0].rank, 1);
            QVERIFY(rank(name, none.pool())->items.empty());
        }
        const std::vector<std::string> only{"only"};
        const std::vector<float> oneClass{1};
        QCOMPARE(itemsBy("entropy", only, oneClass, 1)[0].score, 0.0);
        QCOMPARE(itemsBy("margin", only, oneClass, 1)[0].score, 0.0);
    }

    void aCutBeyondTheEndTakesAll()
    {
        const auto ids = numbered(5);
        const auto ranked = itemsBy("random", ids, {}, 0, 1);
        QCOMPARE(best(ranked, 2).size(), std::size_t(2));
        QVERIFY(best(ranked, 2)[1] == ranked[1]);
        QVERIFY(best(ranked, 99) == ranked);
        QVERIFY(best({}, 3).empty());
    }

    void badRequestsAreRefused()
    {
        const auto ids = numbered(2);
        const std::vector<float> p{0.5f, 0.5f, 0.5f};
        QCOMPARE(rankBy("magic", ids, p, 2).error(), (Error{Code::notFound, {"strategy", "magic"}}));
        QCOMPARE(rankBy("entropy", ids, {}, 2).error().code, Code::needsTraining);
        QCOMPARE(rankBy("entropy", ids, p, 2).error().code, Code::wrongShape);
        QCOMPARE(rankBy("entropy", ids, p, 0).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(StrategyTest)
#include "tst_strategy.moc"
