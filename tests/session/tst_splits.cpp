// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Random.h"
#include "session/Splits.h"

#include <QTest>
#include <map>

using namespace foveate;
using namespace foveate::session;

namespace {

SplitRule rule(const char* text)
{
    return *splitRuleFromText(text);
}

/// Patients of 1 to 8 images with one class each, in random order.
std::vector<SplitItem> cohort(Random& random, int patients, int classes)
{
    std::vector<SplitItem> items;
    for (int patient = 0; patient < patients; ++patient) {
        const int stratum = int(random.below(std::uint64_t(classes)));
        for (std::uint64_t n = 1 + random.below(8); n > 0; --n)
            items.push_back({"p" + std::to_string(patient), stratum, std::nullopt});
    }
    random.shuffle(items);
    return items;
}

int leaks(Grouping grouping)
{
    int found = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Random random(seed);
        const auto items = cohort(random, 3 + int(random.below(40)), 2 + int(random.below(3)));
        const auto sides = assignSplits(items, rule("70/10/20"), seed, grouping);
        found += sides && !checkNobodyOnTwoSides(items, *sides) ? 1 : 0;
    }
    return found;
}

} // namespace

class SplitsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsRules()
    {
        QCOMPARE(rule("none").kind, SplitRule::Kind::none);
        QCOMPARE(rule("70/10/20").shares[1], .1);
        QCOMPARE(rule("3/0/1").shares[0], .75);
        QCOMPARE(rule("75/25").shares[2], .25);
        QCOMPARE(rule("fold").column, std::string("fold"));
        for (const char* wrong : {"1/2/3/4", "0/0/0", "-1/2/3", "nan/1/1", "70/", "70/x/20", "/"})
            QCOMPARE(splitRuleFromText(wrong).error().code, Code::usage);
    }

    void keepsPatientsTogether() { QCOMPARE(leaks(Grouping::patient), 0); }

    /// The guard: without the grouping the same cohorts leak, and it is seen.
    void theGuardSeesALeak() { QVERIFY(leaks(Grouping::image) > 290); }

    void keepsSharesAndClasses()
    {
        Random random(3);
        const auto items = cohort(random, 800, 3);
        const auto sides = assignSplits(items, rule("70/10/20"), 1);
        QVERIFY(sides);
        std::map<std::pair<int, Split>, double> count;
        std::map<int, double> total;
        for (std::size_t i = 0; i < items.size(); ++i) {
            ++count[{items[i].stratum, (*sides)[i]}];
            ++total[items[i].stratum];
        }
        for (const auto& [stratum, n] : total) {
            QVERIFY(std::abs(count[{stratum, Split::train}] / n - .7) < .01);
            QVERIFY(std::abs(count[{stratum, Split::val}] / n - .1) < .01);
            QVERIFY(std::abs(count[{stratum, Split::test}] / n - .2) < .01);
        }
    }

    void largePatientsGoToEverySide()
    {
        std::vector<SplitItem> items;
        for (int patient = 0; patient < 40; ++patient)
            for (int n = 0; n < (patient < 8 ? 20 : 1); ++n)
                items.push_back({"p" + std::to_string(patient), 0, std::nullopt});
        const auto sides = assignSplits(items, rule("50/0/50"), 1);
        QVERIFY(sides);
        std::map<Split, int> large;
        for (std::size_t i = 0; i < 160; i += 20)
            ++large[(*sides)[i]];
        QCOMPARE(large[Split::train], 4);
        QCOMPARE(large[Split::test], 4);
    }

    void partsMayBeNought()
    {
        Random random(5);
        const auto items = cohort(random, 50, 2);
        const auto sides = assignSplits(items, rule("75/0/25"), 1);
        QVERIFY(sides);
        QCOMPARE(std::count(sides->begin(), sides->end(), Split::val), 0);
        QVERIFY(std::count(sides->begin(), sides->end(), Split::test) > 0);
    }

    void dependsOnTheSeedButNotOnTheOrder()
    {
        Random random(9);
        auto items = cohort(random, 60, 2);
        const auto side = [](const std::vector<SplitItem>& list, std::uint64_t seed) {
            const auto sides = assignSplits(list, rule("60/20/20"), seed);
            std::map<std::string, Split> byPatient;
            for (std::size_t i = 0; i < list.size(); ++i)
                byPatient[list[i].patient] = (*sides)[i];
            return byPatient;
        };
        const auto before = side(items, 1);
        random.shuffle(items);
        QVERIFY(side(items, 1) == before);
        QVERIFY(side(items, 2) != before);
    }

    void newImagesFollowTheirPatient()
    {
        const std::vector<SplitItem> items{{"a", 0, Split::test}, {"a", 0, std::nullopt}, {"b", 0, std::nullopt}};
        const auto sides = assignSplits(items, rule("100/0/0"), 1);
        QVERIFY(sides);
        QCOMPARE((*sides)[1], Split::test);
        QCOMPARE((*sides)[2], Split::train);
        QCOMPARE((*assignSplits(items, rule("none"), 1))[2], Split::none);
    }

    void refusesAPatientOnTwoSides()
    {
        const auto sides = assignSplits({{"a", 0, Split::test}, {"a", 0, Split::train}}, rule("fold"), 1);
        QVERIFY(!sides);
        QCOMPARE(sides.error(), (Error{Code::patientSplit, {"a", "test", "train"}}));
    }
};

QTEST_APPLESS_MAIN(SplitsTest)
#include "tst_splits.moc"
