// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Metrics.h"

#include "base/AtomicFile.h"
#include "support/TestData.h"

#include <QTest>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

using namespace foveate;
using namespace foveate::score;
using nlohmann::json;

namespace {

const json& cases()
{
    static const json s_cases = json::parse(*readFile(sourceFile("score/reference/metrics.json")))["cases"];
    return s_cases;
}

Predictions predictions(const json& c)
{
    return {c["classes"], c["probabilities"], c["truth"], {}, c.value("multi_label", false)};
}

bool near(double a, const json& b)
{
    return std::abs(a - b.get<double>()) <= 1e-9;
}

bool near(const std::optional<double>& a, const json& b)
{
    return b.is_null() ? !a : a && near(*a, b);
}

} // namespace

class MetricsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreeWithScikitLearn_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; i < int(cases().size()); ++i)
            QTest::newRow(cases()[std::size_t(i)]["name"].get<std::string>().c_str()) << i;
    }

    void agreeWithScikitLearn()
    {
        QFETCH(int, index);
        const json& c = cases()[std::size_t(index)];
        const auto m = metrics(predictions(c));
        QVERIFY2(m, m ? "" : describe(m.error()).c_str());
        QVERIFY(near(m->accuracy, c["accuracy"]));
        QVERIFY(near(m->balancedAccuracy, c["balanced_accuracy"]));
        QVERIFY(near(m->auc, c["auc"]));
        QVERIFY(near(m->precisionMacro, c["precision_macro"]));
        QVERIFY(near(m->recallMacro, c["recall_macro"]));
        QVERIFY(near(m->f1Macro, c["f1_macro"]));
        QVERIFY(near(m->precisionWeighted, c["precision_weighted"]));
        QVERIFY(near(m->recallWeighted, c["recall_weighted"]));
        QVERIFY(near(m->f1Weighted, c["f1_weighted"]));
        QVERIFY(near(m->ece, c["ece"]));
        QVERIFY(json(m->confusion) == c["confusion"]);
        QCOMPARE(m->images, c["truth"].size());
        for (std::size_t k = 0; k < m->perClass.size(); ++k) {
            const ClassScores& s = m->perClass[k];
            QVERIFY(near(s.precision, c["precision"][k]) && near(s.recall, c["recall"][k]));
            QVERIFY(near(s.f1, c["f1"][k]) && near(s.support, c["support"][k]));
            QVERIFY(near(s.auc, c["auc_per_class"][k]));
        }
    }

    void theOrderOfImagesDoesNotMatter()
    {
        Predictions p = predictions(cases()[3]);
        const Metrics before = *metrics(p);
        std::reverse(p.truth.begin(), p.truth.end());
        std::vector<double> turned;
        for (std::size_t i = p.truth.size(); i-- > 0;)
            turned.insert(turned.end(), p.probabilities.begin() + std::ptrdiff_t(i) * p.classes,
                          p.probabilities.begin() + std::ptrdiff_t(i + 1) * p.classes);
        p.probabilities = turned;
        const Metrics after = *metrics(p);
        QCOMPARE(*after.auc, *before.auc);
        QVERIFY(after.confusion == before.confusion);
    }

    void patientsAreCounted()
    {
        Predictions p = predictions(cases()[7]);
        p.patients = {4, 9, 4};
        QCOMPARE(metrics(p)->patients, std::size_t(2));
    }

    void badInputIsRefused()
    {
        const Predictions good{2, {.5, .5, .2, .8}, {0, 1}, {}};
        QVERIFY(metrics(good));
        const auto with = [&](auto change) {
            Predictions p = good;
            change(p);
            return metrics(p).error().code;
        };
        QCOMPARE(with([](Predictions& p) { p.classes = 1; }), Code::needsClasses);
        QCOMPARE(with([](Predictions& p) { p = {2, {}, {}, {}}; }), Code::needsLabels);
        QCOMPARE(with([](Predictions& p) { p.probabilities.pop_back(); }), Code::wrongShape);
        QCOMPARE(with([](Predictions& p) { p.patients = {1}; }), Code::wrongShape);
        QCOMPARE(with([](Predictions& p) { p.truth[0] = 2; }), Code::badInput);
        QCOMPARE(with([](Predictions& p) { p.truth[0] = -1; }), Code::badInput);
        QCOMPARE(with([](Predictions& p) { p.probabilities[1] = std::nan(""); }), Code::nonFinite);
        QCOMPARE(with([](Predictions& p) { p.probabilities[1] = std::numeric_limits<double>::infinity(); }),
                 Code::nonFinite);
    }
};

QTEST_APPLESS_MAIN(MetricsTest)
#include "tst_metrics.moc"
