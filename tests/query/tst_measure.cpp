// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Measure.h"

#include "base/Random.h"
#include "query/Strategy.h"

#include <QTest>
#include <cmath>
#include <limits>

using namespace foveate;
using namespace foveate::query;

namespace {

constexpr std::size_t kSide = 48;

std::vector<float> noise(std::uint64_t seed)
{
    Random random(seed);
    std::vector<float> values;
    for (std::size_t i = 0; i < kSide * kSide; ++i)
        values.push_back(float(random.normal()));
    return values;
}

std::vector<float> numbers(const Measure& measure, const std::vector<float>& map, const Options& options = {})
{
    std::vector<float> out(measure.columns, -7);
    measure.of({map, kSide}, options, out);
    return out;
}

bool allNan(const std::vector<float>& values)
{
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isnan(v); });
}

} // namespace

class MeasureTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aMapThatSaysNothingHasNoNumbers()
    {
        std::vector<float> broken = noise(1);
        broken[5] = std::numeric_limits<float>::quiet_NaN();
        std::vector<float> endless = noise(1);
        endless[5] = std::numeric_limits<float>::infinity();
        const std::vector<float> zero(kSide * kSide, 0), constant(kSide * kSide, 3), empty;
        for (const Measure* measure : measures())
            for (const auto& map : {broken, endless, zero, constant, empty})
                QVERIFY2(allNan(numbers(*measure, map)), measure->name.data());
    }

    void neitherScaleNorOffsetCounts()
    {
        const std::vector<float> map = noise(2);
        std::vector<float> other;
        for (const float v : map)
            other.push_back(4 * v + 16);
        for (const Measure* measure : measures()) {
            const auto a = numbers(*measure, map), b = numbers(*measure, other);
            QVERIFY(!allNan(a));
            for (std::size_t i = 0; i < a.size(); ++i)
                QVERIFY2(std::abs(a[i] - b[i]) <= 2e-2f * std::max(1.F, std::abs(a[i])), measure->name.data());
        }
    }

    void kurtosisIsPearsons()
    {
        // Normal numbers: 3. One bright pixel among n: (n − 1) + 1/(n − 1) − 1.
        QVERIFY(std::abs(numbers(kKurtosisMeasure, noise(3))[0] - 3) < .4f);
        std::vector<float> spot(kSide * kSide, 0);
        spot[100] = 1;
        const double n = double(spot.size());
        QVERIFY(std::abs(double(numbers(kKurtosisMeasure, spot)[0]) - (n - 1 + 1 / (n - 1) - 1)) < .05);
        // Of the counts: one bin holds all but one pixel, so it is that of one among 256.
        const double literal = double(numbers(kKurtosisMeasure, spot, {.kurtosisOf = KurtosisOf::counts})[0]);
        QVERIFY(std::abs(literal - (255 + 1 / 255.0 - 1)) < .1);
    }

    void smoothingMakesALargeMapSmaller()
    {
        Options smooth;
        smooth.smooth = true;
        std::vector<float> large(128 * 128);
        Random random(5);
        for (float& v : large)
            v = float(random.uniform() < .01 ? 1 : 0);
        std::vector<float> rough(1), soft(1);
        kKurtosisMeasure.of({large, 128}, {}, rough);
        kKurtosisMeasure.of({large, 128}, smooth, soft);
        QVERIFY(soft[0] < rough[0] / 2);
    }

    void whatWasNotMappedComesAfterWhatWas()
    {
        const std::vector<std::string> ids{"a", "b", "c", "d"};
        const std::vector<float> p{.5f, .5f, .6f, .4f, .7f, .3f, .8f, .2f};
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const std::vector<float> kurtosis{nan, 4, nan, nan};
        const std::vector<std::uint8_t> mapped{1, 1, 0, 0};
        Pool pool;
        pool.ids = ids;
        pool.probabilities = p;
        pool.classes = 2;
        pool.measures = {{"kurtosis", false, kurtosis}};
        pool.mapped = mapped;
        const Ranking found = *rank("kurtosis", pool);
        std::vector<std::string> order;
        for (const Ranked& item : found.items)
            order.push_back(item.id);
        QCOMPARE(order, (std::vector<std::string>{"b", "c", "d", "a"}));
        QVERIFY(found.items[1].reason == (Reason{ReasonCode::notMapped, {3}}));
        QVERIFY(found.items[3].reason.code == ReasonCode::noEvidence);
        QVERIFY(found.notes["mapped"] == 2);
    }
};

QTEST_APPLESS_MAIN(MeasureTest)
#include "tst_measure.moc"
