// SPDX-License-Identifier: GPL-3.0-or-later
// The recipes of resources/presets are understood by the engine, and mean what the papers say.
#include "learn/TrainOptions.h"
#include "learn/TrainSetup.h"
#include "store/Presets.h"

#include <QTest>

using namespace foveate;
using namespace foveate::learn;

namespace {

TrainOptions optionsOf(const std::string& name)
{
    return trainOptionsFromJson(nlohmann::json::parse(*store::presetJson(name))).value();
}

} // namespace

class PresetsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachIsUnderstood()
    {
        const std::vector<std::string> expected{"p1-finetune", "p2-proxy",    "p3-lin",
                                                "p3-probe",    "p4-densenet", "small"};
        QCOMPARE(store::presetNames(), expected);
        for (const std::string& name : expected) {
            const auto options = trainOptionsFromJson(nlohmann::json::parse(*store::presetJson(name)));
            QVERIFY2(options.has_value(), options ? "" : describe(options.error()).c_str());
            QVERIFY(choosePreset(*options, 1).has_value());
        }
        QCOMPARE(store::presetJson("p9").error().code, Code::notFound);
        QVERIFY(toJson(optionsOf("small")) == toJson(TrainOptions()));
    }

    void meanWhatThePapersSay()
    {
        const TrainOptions p1 = optionsOf("p1-finetune");
        QCOMPARE(p1.learningRate, 1e-5);
        QVERIFY(p1.classWeights && p1.patience == 3 && p1.watch == "loss" && !p1.freeze);
        const TrainOptions p2 = optionsOf("p2-proxy");
        QVERIFY(p2.freeze && p2.epochs == 40 && p2.batch == 128 && p2.learningRate == 1e-3);
        const TrainOptions p3 = optionsOf("p3-probe");
        QVERIFY(p3.freeze && p3.epochs == 100 && p3.stepEvery == 25 && p3.stepFactor == .5 && !p3.cosine);
        QVERIFY(p3.hidden == 512 && optionsOf("p3-lin").hidden == 0 && optionsOf("p3-lin").epochs == 100);
        const TrainOptions p4 = optionsOf("p4-densenet");
        QCOMPARE(optimiserOf(p4).beta1, .93);
        QCOMPARE(optimiserOf(p4).beta2, .999);
        QVERIFY(p4.size == 320 && p4.views == 4 && p4.watch == "accuracy");
        QCOMPARE(dropoutOf(p4, p4.model), (Dropout{.head = .5, .layers = .2}));
        QCOMPARE(choosePreset(p4, 1)->rotation, 25.);
    }

    void refusesWhatMakesNoSense()
    {
        using nlohmann::json;
        for (const json& options : {json{{"watch", "f1"}}, json{{"optimiser", "best"}}, json{{"dropout", 1.5}},
                                    json{{"views", 0}}, json{{"step_factor", 2}}, json{{"layers", 3}}})
            QCOMPARE(trainOptionsFromJson(options).error().code, Code::usage);
    }
};

QTEST_GUILESS_MAIN(PresetsTest)
#include "tst_presets.moc"
