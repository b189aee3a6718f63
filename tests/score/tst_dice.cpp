// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Dice.h"

#include "base/AtomicFile.h"
#include "support/TestData.h"

#include <QTest>
#include <cmath>
#include <nlohmann/json.hpp>

using namespace foveate;
using nlohmann::json;

class DiceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithScikitLearn()
    {
        const json cases = json::parse(*readFile(sourceFile("score/reference/rankings.json")))["masks"];
        for (const json& c : cases) {
            const std::vector<std::uint8_t> found = c["found"], truth = c["truth"];
            const auto value = score::dice(found, truth);
            QVERIFY2(value && std::abs(*value - c["dice"].get<double>()) <= 1e-9, c["name"].get<std::string>().c_str());
        }
        QCOMPARE(cases.size(), std::size_t(5));
    }

    void masksOfOtherSizesAreRefused()
    {
        const std::vector<std::uint8_t> two{1, 0}, three{1, 0, 1};
        QCOMPARE(score::dice(two, three).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(DiceTest)
#include "tst_dice.moc"
