// SPDX-License-Identifier: GPL-3.0-or-later
// What nobody should hand in: a defined list or an error, never NaN in a rank.
#include "query/LinearProxy.h"
#include "query/MadePool.h"

#include <QTest>
#include <limits>

using namespace foveate;
using namespace foveate::query;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Every strategy gives the whole pool with finite numbers; those in `without` are at the end, without evidence.
void verifyLists(const MadePool& made, std::size_t without = 0)
{
    for (const std::string& name : strategyNames()) {
        const auto found = rank(name, made.pool());
        QVERIFY2(found.has_value(), (name + ": " + (found ? "" : describe(found.error()))).c_str());
        QCOMPARE(found->items.size(), made.ids.size());
        std::size_t none = 0;
        for (const Ranked& item : found->items) {
            QVERIFY2(std::isfinite(item.score), name.c_str());
            for (const double v : item.reason.numbers)
                QVERIFY2(std::isfinite(v), name.c_str());
            none += item.reason.code == ReasonCode::noEvidence;
        }
        if (name != "random")
            QVERIFY2(none >= without, name.c_str());
    }
}

} // namespace

class BadInputTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void notANumber()
    {
        MadePool made;
        made.features[5] = made.probabilities[1] = made.passes[2] = made.latents[3] = kNan;
        for (auto& table : made.tables)
            table[0] = kNan;
        made.labelledFeatures[0] = made.labelledLatents[0] = kNan;
        verifyLists(made, 1);
        QCOMPARE(rank("coreset", made.pool())->items.back().id, made.ids[0]);
    }

    void nothingButNotANumber()
    {
        MadePool made(12, 6);
        for (auto* values : {&made.features, &made.probabilities, &made.passes, &made.latents})
            std::fill(values->begin(), values->end(), kNan);
        for (auto& table : made.tables)
            std::fill(table.begin(), table.end(), kNan);
        for (const std::string& name : strategyNames()) {
            const auto found = rank(name, made.pool());
            QVERIFY2(found.has_value(), (name + ": " + (found ? "" : describe(found.error()))).c_str());
            QCOMPARE(found->items.size(), made.ids.size());
            if (name != "random")
                QVERIFY2(found->items[0].reason.code == ReasonCode::noEvidence, name.c_str());
            QCOMPARE(found->items[0].id, name == "random" ? found->items[0].id : made.ids[0]);
        }
    }

    void everythingEqual()
    {
        MadePool made(40, 9);
        for (auto* values : {&made.features, &made.latents, &made.labelledFeatures, &made.labelledLatents})
            std::fill(values->begin(), values->end(), 1.F);
        for (auto& table : made.tables)
            std::fill(table.begin(), table.end(), 2.F);
        std::fill(made.probabilities.begin(), made.probabilities.end(), 1 / 3.F);
        std::fill(made.passes.begin(), made.passes.end(), 1 / 3.F);
        verifyLists(made);
        QCOMPARE(order(rank("radiomics-glcm", made.pool())->items), made.ids); // ties go by id
    }

    void moreWantedThanThere()
    {
        MadePool made(5, 4);
        made.options.count = 1000;
        made.options.clusters = 500;
        made.options.diverse = true;
        verifyLists(made);
    }

    void fewLabels()
    {
        MadePool made(50, 2); // two classes of three
        made.options.spreadRuns = 10;
        verifyLists(made);
    }

    void noLabelsAtAll()
    {
        const MadePool made(50, 0);
        for (const char* name : {"label-spread", "proxy"})
            QCOMPARE(rank(name, made.pool()).error().code, Code::needsLabels);
        for (const char* name : {"coreset", "typical", "periphery", "deep-saliency"})
            QVERIFY(rank(name, made.pool()).has_value());
    }

    void labelsOfOneClass()
    {
        MadePool made(50, 6);
        std::fill(made.classes.begin(), made.classes.end(), 1);
        for (const char* name : {"label-spread", "proxy"})
            QCOMPARE(rank(name, made.pool()).error().code, Code::needsClasses);
    }

    void arraysThatDoNotFit()
    {
        const MadePool made(10, 4);
        const auto refused = [&](const char* name, auto change) {
            Pool pool = made.pool();
            change(pool);
            const auto found = rank(name, pool);
            return found ? Code::internal : found.error().code;
        };
        QCOMPARE(refused("entropy", [](Pool& p) { p.probabilities = p.probabilities.first(7); }), Code::wrongShape);
        QCOMPARE(refused("random", [](Pool& p) { p.features = p.features.first(7); }), Code::wrongShape);
        QCOMPARE(refused("coreset", [](Pool& p) { p.labelled.features = {}; }), Code::wrongShape);
        QCOMPARE(refused("coreset", [](Pool& p) { p.features = {}; }), Code::needsTraining);
        QCOMPARE(refused("bald", [](Pool& p) { p.passes = p.passes.first(8); }), Code::wrongShape);
        QCOMPARE(refused("bald", [](Pool& p) { p.passes = {}; }), Code::needsTraining);
        QCOMPARE(refused("kurtosis", [](Pool& p) { p.measures.clear(); }), Code::needsTraining);
        QCOMPARE(refused("kurtosis", [](Pool& p) { p.measures[0].values = p.measures[0].values.first(3); }),
                 Code::wrongShape);
        QCOMPARE(refused("deep-saliency", [](Pool& p) { p.latents = {}; }), Code::needsTraining);
        const std::vector<int> beyond{0, 1, 2, 3};
        QCOMPARE(refused("label-spread", [&](Pool& p) { p.labelled.classes = beyond; }), Code::wrongShape);
    }

    void optionsAreRead()
    {
        Options all;
        all.spreadRule = SpreadRule::p1Code;
        all.count = 7;
        all.map = "gradcam";
        QVERIFY(toJson(*optionsFromJson(toJson(all))) == toJson(all));
        QVERIFY(toJson(*optionsFromJson(nlohmann::json::object())) == toJson(Options()));
        for (const char* bad :
             {R"({"count":0})", R"({"count":1.5})", R"({"count":"7"})", R"({"magic":1})", R"({"map":"x"})",
              R"({"diverse":1})", R"({"spread_rule":"most"})", R"([1])", R"({"repeat":-1})"})
            QCOMPARE(optionsFromJson(nlohmann::json::parse(bad)).error().code, Code::usage);
    }

    void reasonsSurviveTheirText()
    {
        for (std::size_t i = 0; i <= std::size_t(ReasonCode::noEvidence); ++i) {
            const Reason reason{ReasonCode(i), {.5, -2, 1e6}};
            QVERIFY(*reasonFromText(toText(reason)) == reason);
        }
        for (const char* bad : {"", "tarot", "entropy x", "entropy 1 ", "entropy nan", "entropy  1", "entropy inf"})
            QVERIFY2(!reasonFromText(bad), bad);
    }

    void theProxyLearnsALine()
    {
        Random random(4);
        std::vector<float> known, asked{3, 0, -3, 0};
        std::vector<int> labels;
        for (int i = 0; i < 400; ++i) {
            const int label = i % 2;
            known.insert(known.end(), {float((label ? 3 : -3) + random.normal()), float(random.normal())});
            labels.push_back(label);
        }
        ProxyOptions options;
        options.epochs = 400;
        const auto two = *proxyProbabilities({known, 2}, labels, 2, {asked, 2}, options);
        QVERIFY(two[1] > .7f && two[3] < .3f);
        const auto three = *proxyProbabilities({known, 2}, labels, 3, {asked, 2}, options);
        QVERIFY(three[1] > three[0] && three[3] > three[4]);
        QVERIFY(std::abs(three[0] + three[1] + three[2] - 1) < 1e-5f);
        QCOMPARE(*proxyProbabilities({known, 2}, labels, 2, {asked, 2}, options), two);
    }
};

QTEST_APPLESS_MAIN(BadInputTest)
#include "tst_badinput.moc"
