// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Ndcg.h"

#include "base/AtomicFile.h"
#include "support/TestData.h"

#include <QTest>
#include <cmath>
#include <nlohmann/json.hpp>

using namespace foveate;
using namespace foveate::score;
using nlohmann::json;

namespace {

const json& cases()
{
    static const json s_cases = json::parse(*readFile(sourceFile("score/reference/rankings.json")))["rankings"];
    return s_cases;
}

} // namespace

class NdcgTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithScikitLearn_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; i < int(cases().size()); ++i)
            QTest::newRow(cases()[std::size_t(i)]["name"].get<std::string>().c_str()) << i;
    }

    void agreesWithScikitLearn()
    {
        QFETCH(int, index);
        const json& c = cases()[std::size_t(index)];
        const std::vector<double> relevance = c["relevance"], scores = c["scores"];
        const auto value = ndcg(relevance, scores, c["top"].get<std::size_t>());
        QVERIFY2(value, value ? "" : describe(value.error()).c_str());
        QVERIFY(std::abs(*value - c["ndcg"].get<double>()) <= 1e-9);
    }

    void refusesWhatIsNoRanking()
    {
        const std::vector<double> two{1, 2}, three{1, 2, 3}, negative{-1, 2}, missing{1, std::nan("")};
        QCOMPARE(ndcg(two, three).error().code, Code::wrongShape);
        QCOMPARE(ndcg(negative, two).error().code, Code::badInput);
        QCOMPARE(ndcg(two, missing).error().code, Code::nonFinite);
        QCOMPARE(*ndcg({}, {}), 0.);
    }
};

QTEST_APPLESS_MAIN(NdcgTest)
#include "tst_ndcg.moc"
