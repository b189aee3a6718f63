// SPDX-License-Identifier: GPL-3.0-or-later
#include "SmallStudy.h"

#include "base/Manifest.h"
#include "base/Npy.h"
#include "session/Booking.h"
#include "session/CrossValidation.h"
#include "session/CrossValidator.h"
#include "session/Evaluation.h"
#include "session/Labelling.h"

#include <QSignalSpy>
#include <QTest>
#include <map>
#include <set>
#include <unistd.h>

using namespace foveate;
using namespace foveate::session;

namespace {

std::vector<SnapshotSample> labelledSamples(int patients, int each)
{
    std::vector<SnapshotSample> samples;
    for (int p = 0; p < patients; ++p)
        for (int n = 0; n < each; ++n) {
            SnapshotSample sample;
            sample.row = std::int64_t(samples.size());
            sample.id = std::to_string(samples.size());
            sample.patient = p;
            sample.label = p % 2;
            samples.push_back(sample);
        }
    return samples;
}

/// What an engine would leave of a run: class 0 for every image whose row is even.
void finishByHand(const std::string& folder)
{
    const Snapshot snapshot = *readSnapshot(folder);
    std::vector<std::int64_t> rows;
    std::vector<float> probabilities;
    for (const SnapshotSample& sample : snapshot.samples) {
        rows.push_back(sample.row);
        const float first = sample.row % 2 == 0 ? .9F : .2F;
        probabilities.insert(probabilities.end(), {first, 1 - first});
    }
    (void)writeNpy<std::int64_t>(folder + "/rows.npy", {rows.size()}, rows);
    (void)writeNpy<float>(folder + "/probabilities.npy", {rows.size(), 2}, probabilities);
    writeText(folder + "/weights.safetensors", "weights");
    (void)writeManifest(folder);
}

} // namespace

class CrossValidationTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_count = 0;

    std::string fresh() { return m_folder.filePath(QString::number(++m_count)).toStdString(); }

    /// Nothing set aside, `labels` labels, one finished training.
    Project trainedStudy(int labels)
    {
        Project project = hiddenStudy(fresh(), fresh(), "none");
        (void)labelByOracle(project, labels);
        RunWish wish;
        wish.job = "train";
        finishByHand(*prepareRun(project, wish));
        (void)bookFinishedRuns(project);
        return project;
    }
    static RunInfo training(const Project& project) { return **chooseRun(project, Need::trained, ""); }

private Q_SLOTS:
    void wholePatientsInEvenFolds()
    {
        const auto samples = labelledSamples(20, 3);
        const auto folds = foldsOf(samples, 4);
        QVERIFY(folds == foldsOf(samples, 4));
        QVERIFY(folds != foldsOf(samples, 5));
        std::map<std::int64_t, std::set<int>> ofPatient;
        std::map<std::pair<int, int>, int> ofClass;
        for (std::size_t i = 0; i < samples.size(); ++i) {
            ofPatient[samples[i].patient].insert(folds[i]);
            ++ofClass[{folds[i], *samples[i].label}];
        }
        for (const auto& [patient, where] : ofPatient)
            QCOMPARE(where.size(), std::size_t(1));
        QCOMPARE(ofClass.size(), std::size_t(2 * kFolds));
        for (const auto& [where, count] : ofClass)
            QCOMPARE(count, 6);
    }

    void twoPatientsAreTwoFolds()
    {
        const auto folds = foldsOf(labelledSamples(2, 5), 1);
        QCOMPARE(std::set<int>(folds.begin(), folds.end()), (std::set<int>{0, 1}));
    }

    void aFoldNeverLearnsFromItsOwnPatients()
    {
        Project project = trainedStudy(40);
        const auto begun = beginCrossValidation(project.runsFolder(), training(project));
        VERIFY_OK(begun);
        QCOMPARE(begun->folds, kFolds);
        std::set<std::int64_t> judged;
        for (int fold = 0; fold < begun->folds; ++fold) {
            VERIFY_OK(prepareFold(*begun, fold));
            const auto snapshot = readSnapshot(begun->foldFolder(fold));
            VERIFY_OK(snapshot);
            QCOMPARE(snapshot->samples.size(), std::size_t(40)); // the labelled ones, and nothing else
            std::set<std::int64_t> known, asked;
            for (const SnapshotSample& sample : snapshot->samples)
                (sample.label ? known : asked).insert(sample.patient);
            for (const std::int64_t patient : asked)
                QVERIFY(!known.contains(patient));
            judged.insert(snapshot->pool.begin(), snapshot->pool.end());
        }
        QCOMPARE(judged.size(), std::size_t(40));
        // Begun again it is the same one.
        QCOMPARE(beginCrossValidation(project.runsFolder(), training(project))->folder, begun->folder);
    }

    void givesTheCurveWhereNothingIsSetAside()
    {
        Project project = trainedStudy(40);
        QCOMPARE(learningCurve(project)->basis, CurveBasis::crossValidated);
        QVERIFY(learningCurve(project)->points.empty());
        const auto begun = beginCrossValidation(project.runsFolder(), training(project));
        VERIFY_OK(begun);
        for (int fold = 0; fold < begun->folds; ++fold) {
            VERIFY_OK(prepareFold(*begun, fold));
            finishByHand(begun->foldFolder(fold));
        }
        VERIFY_OK(finishCrossValidation(*begun));
        VERIFY_OK(verifyManifest(begun->folder));
        QVERIFY(!std::filesystem::exists(begun->folder + "/folds"));
        QCOMPARE(bookFinishedRuns(project)->size(), std::size_t(1));

        const auto evaluation = evaluateCrossValidation(*crossValidationOf(project.runsFolder(), training(project)), 1);
        VERIFY_OK(evaluation);
        QCOMPARE(evaluation->n, 40);
        QCOMPARE(evaluation->run, std::string("0001-train"));
        QVERIFY(toJson(*evaluation)["split"] == "cross");
        std::int64_t right = 0;
        const Snapshot labelled = *readSnapshot(begun->folder);
        for (const SnapshotSample& sample : labelled.samples)
            right += (sample.row % 2 == 0) == (*sample.label == 0) ? 1 : 0;
        QCOMPARE(evaluation->values.at("accuracy"), double(right) / 40);

        const auto curve = learningCurve(project);
        QCOMPARE(curve->points.size(), std::size_t(1));
        QCOMPARE(curve->points[0].run, std::string("0001-train"));
        QCOMPARE(curve->points[0].labels, 40);
        QCOMPARE(curve->points[0].values.at("accuracy"), double(right) / 40);
        VERIFY_OK(rebuildIndex(project));
        QCOMPARE(learningCurve(project)->points.size(), std::size_t(1));
    }

    void tooLittleIsRefused()
    {
        Project project = trainedStudy(12);
        QCOMPARE(beginCrossValidation(project.runsFolder(), training(project)).error().code, Code::needsLabels);
        QCOMPARE(learningCurve(project)->basis, CurveBasis::tooFew);
        QCOMPARE(learningCurve(project)->references, 12);
    }

    void theEngineDoesItInSpareTime()
    {
        if (access(engineProgram().toStdString().c_str(), X_OK) != 0)
            QSKIP("skipped: foveate-engine is not built");
        Project project = hiddenStudy(fresh(), fresh(), "none");
        VERIFY_OK(labelByOracle(project, 40));
        RunWish wish;
        wish.job = "train";
        const auto run = prepareRun(project, wish);
        VERIFY_OK(run);
        finishByHand(*run);
        EngineOptions engine;
        engine.program = engineProgram();
        CrossValidator validator(engine);
        QSignalSpy finished(&validator, &CrossValidator::finished);
        validator.offer(project.runsFolder(), training(project));
        QTest::qWait(50);
        QVERIFY(!validator.progress()); // not before it may
        validator.go();
        QVERIFY(QTest::qWaitFor([&] { return validator.progress() && validator.progress()->first >= 1; }, 60'000));
        validator.hold();
        QTest::qWait(300);
        validator.go();
        QVERIFY(QTest::qWaitFor([&] { return finished.count() == 1; }, 120'000));
        const auto made = crossValidationOf(project.runsFolder(), training(project));
        QVERIFY(made && made->finished);
        const auto evaluation = evaluateCrossValidation(*made, 1);
        VERIFY_OK(evaluation);
        QCOMPARE(evaluation->n, 40);
    }
};

QTEST_GUILESS_MAIN(CrossValidationTest)
#include "tst_cross_validation.moc"
