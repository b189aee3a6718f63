// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Random.h"
#include "learn/AreaAverage.h"
#include "learn/TrainSet.h"
#include "learn/TrainState.h"
#include "support/ExampleRun.h"

#include <QTest>
#include <cmath>
#include <set>

using namespace foveate;
using namespace foveate::learn;

namespace {

/// `patients` people with one to four images each, three unequal classes.
struct Cohort {
    std::vector<std::int64_t> patients;
    std::vector<int> labels;

    Cohort(std::uint64_t seed, int people)
    {
        Random random(seed);
        for (int person = 0; person < people; ++person) {
            const int label = random.chance(.6) ? 0 : random.chance(.7) ? 1 : 2;
            for (std::uint64_t image = 0; image <= random.below(4); ++image) {
                patients.push_back(person);
                labels.push_back(label);
            }
        }
    }
};

bool someoneIsOnBothSides(const std::vector<std::int64_t>& patients, const std::vector<bool>& held)
{
    std::set<std::int64_t> training;
    std::set<std::int64_t> validation;
    for (std::size_t i = 0; i < patients.size(); ++i)
        (held[i] ? validation : training).insert(patients[i]);
    std::vector<std::int64_t> both;
    std::set_intersection(training.begin(), training.end(), validation.begin(), validation.end(),
                          std::back_inserter(both));
    return !both.empty();
}

} // namespace

class TrainSetTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void weightsBalanceTheClasses()
    {
        // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1], y=[0, 0, 0, 1]) = [0.6667, 2.0]
        const std::vector<double> weights = balancedWeights({0, 0, 0, 1}, 3);
        QVERIFY(std::abs(weights[0] - 2.0 / 3) < 1e-12);
        QCOMPARE(weights[1], 2.0);
        QCOMPARE(weights[2], 0.0);
    }

    void splitKeepsPatientsApartAndClassesTogether()
    {
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            const Cohort cohort(seed, 60);
            const std::vector<bool> held = validationSplit(cohort.patients, cohort.labels, .2, seed);
            QVERIFY(!someoneIsOnBothSides(cohort.patients, held));
            for (int label = 0; label < 3; ++label) {
                double all = 0;
                double taken = 0;
                for (std::size_t i = 0; i < held.size(); ++i) {
                    all += cohort.labels[i] == label ? 1 : 0;
                    taken += cohort.labels[i] == label && held[i] ? 1 : 0;
                }
                QVERIFY(taken <= .2 * all + 4); // at most one patient's images too many
                QVERIFY(taken < all || all == 0);
            }
            QCOMPARE(held, validationSplit(cohort.patients, cohort.labels, .2, seed));
        }
    }

    /// The same split with the guard off (every image its own patient) tears patients apart: the test above can fail.
    void imageLevelSplitWouldLeak()
    {
        const Cohort cohort(3, 60);
        std::vector<std::int64_t> everyImage(cohort.patients.size());
        for (std::size_t i = 0; i < everyImage.size(); ++i)
            everyImage[i] = std::int64_t(i);
        QVERIFY(someoneIsOnBothSides(cohort.patients, validationSplit(everyImage, cohort.labels, .2, 3)));
    }

    void onePatientOfAClassStaysForTraining()
    {
        const std::vector<bool> held = validationSplit({1, 1, 2, 3}, {0, 0, 1, 1}, .2, 1);
        QVERIFY(!held[0] && !held[1]);
        QVERIFY(held[2] != held[3]);
    }

    void takesTheLabelledOfTheTrainingSplitOnly()
    {
        ExampleRun example;
        Snapshot snapshot = example.snapshot();
        for (SnapshotSample& sample : snapshot.samples) {
            if (sample.split == Split::test)
                sample.label = 0;
        }
        const TrainSet set = *makeTrainSet(snapshot, {});
        QCOMPARE(set.training.size(), std::size_t(40));
        QVERIFY(set.validation.empty());
        for (const TrainSample& sample : set.training)
            QCOMPARE(int(snapshot.samples[std::size_t(sample.row)].split), int(Split::train));
        TrainOptions early;
        early.validateFrom = 30;
        const TrainSet withValidation = *makeTrainSet(snapshot, early);
        QCOMPARE(withValidation.training.size() + withValidation.validation.size(), std::size_t(40));
        QVERIFY(withValidation.validation.size() >= 8);
        early.patience = 0;
        QVERIFY(makeTrainSet(snapshot, early)->validation.empty());
    }

    void refusesTooLittle()
    {
        ExampleRun example;
        example.labels = 0;
        QCOMPARE(makeTrainSet(example.snapshot(), {}).error().code, Code::needsLabels);
        example.labels = 2; // of one patient, one class
        QCOMPARE(makeTrainSet(example.snapshot(), {}).error().code, Code::needsClasses);
        Snapshot beyond = ExampleRun().snapshot();
        beyond.samples[0].label = 2;
        QCOMPARE(makeTrainSet(beyond, {}).error().code, Code::wrongShape);
    }

    void batchesHaveMoreThanOneImage()
    {
        for (std::size_t n = 2; n < 200; ++n) {
            for (std::size_t batch : {2, 3, 8, 32}) {
                for (std::size_t position = 0; position < n;) {
                    const std::size_t end = batchEnd(position, n, batch);
                    QVERIFY(end - position >= 2 && end <= n);
                    QVERIFY(end - position < 2 * batch);
                    position = end;
                }
            }
        }
    }

    void ordersArePermutationsByEpochAndSeed()
    {
        std::vector<std::size_t> order = epochOrder(50, 1, 3);
        QCOMPARE(order, epochOrder(50, 1, 3));
        QVERIFY(order != epochOrder(50, 1, 4));
        QVERIFY(order != epochOrder(50, 2, 3));
        std::sort(order.begin(), order.end());
        for (std::size_t i = 0; i < order.size(); ++i)
            QCOMPARE(order[i], i);
    }

    void optionsAreReadStrictly()
    {
        const TrainOptions defaults;
        QCOMPARE(trainOptionsFromJson(toJson(defaults))->epochs, 25);
        QCOMPARE(trainOptionsFromJson({{"epochs", 3}})->epochs, 3);
        QCOMPARE(trainOptionsFromJson({{"epochs", "3"}}).error().code, Code::usage);
        QCOMPARE(trainOptionsFromJson({{"epochs", -1}}).error().code, Code::usage);
        QCOMPARE(trainOptionsFromJson({{"epoch", 3}}).error().code, Code::usage);
        QCOMPARE(trainOptionsFromJson({{"preset", 3}}).error().code, Code::usage);
    }

    void stateSurvivesItsText()
    {
        TrainState state;
        state.stage = TrainStage::validating;
        state.lossSum = 1.0 / 3;
        state.bestLoss = .1;
        state.position = 77;
        const nlohmann::json text = nlohmann::json::parse(toJson(state).dump());
        const TrainState back = *trainStateFromJson(text);
        QVERIFY(toJson(back) == toJson(state));
        QCOMPARE(back.lossSum, 1.0 / 3);
        nlohmann::json broken = text;
        broken.erase("position");
        QCOMPARE(trainStateFromJson(broken).error().code, Code::corrupt);
        broken = text;
        broken["job"] = "pretrain";
        QCOMPARE(trainStateFromJson(broken).error().code, Code::corrupt);
    }

    void areaAverageKeepsMeans()
    {
        std::vector<std::uint8_t> image(36 * 3);
        for (std::size_t i = 0; i < image.size(); ++i)
            image[i] = std::uint8_t(i * 2);
        std::vector<std::uint8_t> half(9 * 3);
        AreaAverage(6, 3, 3).apply(image.data(), half.data());
        // The mean of a 2×2 block of channel 1: pixels (0,0), (1,0), (0,1), (1,1).
        QCOMPARE(int(half[1]), int(std::lround((image[1] + image[4] + image[19] + image[22]) / 4.0)));
        std::vector<std::uint8_t> same(image.size());
        AreaAverage(6, 6, 3).apply(image.data(), same.data());
        QCOMPARE(same, image);
        const std::vector<std::uint8_t> constant(49, 200);
        std::vector<std::uint8_t> smaller(25);
        AreaAverage(7, 5, 1).apply(constant.data(), smaller.data());
        QCOMPARE(smaller, std::vector<std::uint8_t>(25, 200));
    }
};

QTEST_APPLESS_MAIN(TrainSetTest)
#include "tst_trainset.moc"
