// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/radiomics/FirstOrder.h"
#include "query/radiomics/Glcm.h"
#include "query/radiomics/Region.h"
#include "query/radiomics/Shape2d.h"

#include <QTest>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace foveate::query::radiomics;

namespace {

nlohmann::json reference()
{
    return nlohmann::json::parse(std::ifstream(FOVEATE_SOURCE_DIR "/tests/query/reference/radiomics.json"));
}

template <typename Names, typename Values>
void compareAll(const nlohmann::json& expected, const std::string& kind, const Names& names, const Values& found)
{
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string key = kind + '.' + std::string(names[i]);
        const double truth = expected.at(key).get<double>();
        const double off = std::abs(found[i] - truth) / std::max(1e-8, std::abs(truth));
        QVERIFY2(off <= 1e-7,
                 qPrintable(
                     QStringLiteral("%1: %2, expected %3").arg(QString::fromStdString(key)).arg(found[i]).arg(truth)));
    }
}

Mask above(const std::vector<float>& values, std::size_t width, float threshold)
{
    Mask mask{{}, width};
    for (const float v : values)
        mask.on.push_back(v > threshold);
    return mask;
}

} // namespace

class RadiomicsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void equalsPyradiomics_data()
    {
        QTest::addColumn<int>("index");
        const nlohmann::json all = reference();
        for (std::size_t i = 0; i < all["maps"].size(); ++i)
            QTest::newRow(all["maps"][i]["name"].get<std::string>().c_str()) << int(i);
    }

    void equalsPyradiomics()
    {
        QFETCH(int, index);
        const nlohmann::json all = reference();
        const nlohmann::json& map = all["maps"][std::size_t(index)];
        const auto values = map["values"].get<std::vector<float>>();
        const Map lent{values, map["width"].get<std::size_t>()};
        compareAll(map["features"], "RadiomicsFirstOrder", kFirstOrderNames, firstOrder(lent, levels(lent)));
        compareAll(map["features"], "RadiomicsGLCM", kGlcmNames, glcm(levels(lent)));
        compareAll(map["features"], "RadiomicsShape2D", kShapeNames, shape2d(above(values, lent.width, .5f)));
    }

    void levelsCountFromTheDarkest()
    {
        const std::vector<float> values{.3f, .3125f, .99f, 1};
        const Levels found = levels({values, 2});
        QCOMPARE(found.of, (std::vector<std::uint8_t>{0, 1, 22, 23}));
        QCOMPARE(found.count, 24);
    }

    void whatIsNotAMapHasNoNumbers()
    {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        for (const std::vector<float>& values :
             {std::vector<float>{}, {nan, 1}, {0, 100}, {1, std::numeric_limits<float>::infinity()}}) {
            const Map map{values, 1};
            QVERIFY(std::isnan(firstOrder(map, levels(map))[kurtosis]));
            QVERIFY(std::isnan(glcm(levels(map))[maximalCorrelation]));
        }
        QVERIFY(std::isnan(shape2d({std::vector<std::uint8_t>(9, 0), 3})[sphericity]));
    }

    void aConstantMapIsDefined()
    {
        const std::vector<float> values(12, .5f);
        const Map map{values, 4};
        QCOMPARE(firstOrder(map, levels(map))[kurtosis], 0.0);
        QCOMPARE(glcm(levels(map))[maximalCorrelation], 1.0);
        QCOMPARE(glcm(levels(map))[correlation], 1.0);
    }

    void onePixelAndALineAreDefined()
    {
        Mask one{std::vector<std::uint8_t>(25, 0), 5};
        one.on[12] = 1;
        const auto f = shape2d(one);
        QCOMPARE(f[meshSurface], .5);
        QCOMPARE(f[perimeter], 2 * std::sqrt(2.0));
        QCOMPARE(f[maximumDiameter], 1.0);
        QVERIFY(std::isnan(f[elongation]));
        one.on[13] = 1;
        QCOMPARE(shape2d(one)[elongation], 0.0);
    }

    void averagingKeepsTheMean()
    {
        std::vector<float> values;
        for (int i = 0; i < 7 * 6; ++i)
            values.push_back(float(i * i % 11));
        const auto small = averaged({values, 7}, 4);
        QCOMPARE(small.size(), std::size_t(16));
        double a = 0, b = 0;
        for (const float v : values)
            a += double(v) / double(values.size());
        for (const float v : small)
            b += double(v) / 16;
        QVERIFY(std::abs(a - b) < 1e-5);
        QCOMPARE(averaged({values, 7}, 9), values);
    }

    void theHotRegionIsTheLargestBrightPart()
    {
        std::vector<float> values(40 * 40, .1f);
        for (int y = 5; y < 15; ++y)
            for (int x = 5; x < 20; ++x)
                values[std::size_t(y * 40 + x)] = .9f;
        values[30 * 40 + 30] = values[30 * 40 + 31] = 1;
        const Mask hot = hotRegion({values, 40});
        QCOMPARE(std::count(hot.on.begin(), hot.on.end(), 1), std::ptrdiff_t(150));
        QCOMPARE(int(hot.on[5 * 40 + 5]), 1);
        QCOMPARE(int(hot.on[30 * 40 + 30]), 0);
        const std::vector<float> flat(16, .5f);
        const Mask none = hotRegion({flat, 4});
        QCOMPARE(std::count(none.on.begin(), none.on.end(), 1), std::ptrdiff_t(0));
    }

    void otsuPartsTwoHeaps()
    {
        const float cut = otsuThreshold(std::vector<float>{0, .1f, .05f, .9f, 1, .95f, .02f});
        QVERIFY(cut > .1f && cut <= .9f);
    }
};

QTEST_APPLESS_MAIN(RadiomicsTest)
#include "tst_radiomics.moc"
