// SPDX-License-Identifier: GPL-3.0-or-later
#include "SmallStudy.h"

#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "base/Npy.h"
#include "session/Booking.h"
#include "session/Evaluation.h"
#include "session/Labelling.h"
#include "session/Selection.h"

#include <QTest>
#include <set>
#include <thread>

using namespace foveate;
using namespace foveate::session;

class RunsTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_count = 0;

    std::string fresh() { return m_folder.filePath(QString::number(++m_count)).toStdString(); }

    /// Half of the patients in the test side.
    Project study() { return hiddenStudy(fresh(), fresh(), "50/0/50"); }

    /// A finished run as an engine would leave it: probabilities that are right for all but every `wrong`-th sample.
    static std::string finishedRun(Project& project, int wrong)
    {
        RunWish wish;
        wish.job = "train";
        const std::string folder = *prepareRun(project, wish);
        const Snapshot snapshot = *readSnapshot(folder);
        const auto truth = *project.study().hiddenTruth();
        const std::map<std::string, int> known(truth.begin(), truth.end());
        std::vector<std::int64_t> rows;
        std::vector<float> probabilities;
        for (const SnapshotSample& sample : snapshot.samples) {
            const bool right = rows.size() % std::size_t(wrong) != 0;
            const float first = (known.at(sample.id) == 0) == right ? .9F : .3F;
            rows.push_back(sample.row);
            probabilities.insert(probabilities.end(), {first, 1 - first});
        }
        (void)writeNpy<std::int64_t>(folder + "/rows.npy", {rows.size()}, rows);
        (void)writeNpy<float>(folder + "/probabilities.npy", {rows.size(), 2}, probabilities);
        writeText(folder + "/weights.safetensors", "weights");
        (void)writeManifest(folder, {"input"});
        return folder;
    }

private Q_SLOTS:
    void recipeToOptions()
    {
        store::ProjectFile file = smallProject();
        file.training.epochs = 0;
        const auto options = [&file](const nlohmann::json& given, bool hasParent) {
            return trainingOptions(file, given, hasParent).value();
        };
        QVERIFY(!options(nlohmann::json::object(), false).contains("epochs")); // 0 is left to the preset
        QCOMPARE(options(nlohmann::json::object(), false)["size"].get<int>(), 24);
        QVERIFY(!options(nlohmann::json::object(), true).contains("size")); // comes with the weights
        file.training.epochs = 3;
        QCOMPARE(options(nlohmann::json::object(), false)["epochs"].get<int>(), 3);
        QCOMPARE(options({{"epochs", 9}}, false)["epochs"].get<int>(), 9);
        // A preset's values, and the project's numbers for its own preset only.
        const nlohmann::json p4 = options({{"preset", "p4-densenet"}}, false);
        QCOMPARE(p4["model"].get<std::string>(), std::string("densenet121"));
        QCOMPARE(p4["size"].get<int>(), file.packSize);
        QCOMPARE(p4["epochs"].get<int>(), 100);
        QCOMPARE(p4["beta1"].get<double>(), .93);
        QCOMPARE(trainingOptions(file, {{"preset", "p9"}}, false).error().code, Code::notFound);
    }

    void snapshotsSayWhatReadersSaid()
    {
        Project project = study();
        VERIFY_OK(labelByOracle(project, 7));
        RunWish wish;
        wish.job = "train";
        wish.seed = 5;
        const auto folder = prepareRun(project, wish);
        VERIFY_OK(folder);
        QVERIFY(folder->ends_with("/runs/0001-train"));
        const auto snapshot = readSnapshot(*folder);
        VERIFY_OK(snapshot);
        QCOMPARE(snapshot->samples.size(), std::size_t(120));
        QCOMPARE(snapshot->seed, 5U);
        QCOMPARE(snapshot->options.at("model").get<std::string>(), std::string("tiny"));
        std::set<std::int64_t> labelled;
        std::set<std::int64_t> training;
        for (const SnapshotSample& sample : snapshot->samples) {
            if (sample.label)
                labelled.insert(sample.row);
            if (sample.split != Split::test)
                training.insert(sample.row);
        }
        QCOMPARE(labelled.size(), std::size_t(7));
        QCOMPARE(snapshot->pool.size(), training.size() - 7);
        for (const std::int64_t row : snapshot->pool)
            QVERIFY(training.contains(row) && !labelled.contains(row));
        QVERIFY(!std::filesystem::exists(*folder + "/input/truth.json"));
        QVERIFY(readFile(*folder + "/input/snapshot.json")->find("truth") == std::string::npos);
    }

    void numbersAreTakenOnce()
    {
        const std::string runs = fresh();
        std::vector<std::thread> threads;
        for (int i = 0; i < 6; ++i)
            threads.emplace_back([&runs, i] {
                for (int n = 0; n < 10; ++n)
                    (void)newRunFolder(runs, i % 2 ? "train" : "pretrain");
            });
        for (std::thread& thread : threads)
            thread.join();
        std::set<int> numbers;
        const auto list = listRuns(runs, false);
        for (const RunInfo& run : list)
            numbers.insert(run.number);
        QCOMPARE(list.size(), std::size_t(60));
        QCOMPARE(numbers.size(), std::size_t(60));
    }

    void choosesTheRunToStartFrom()
    {
        Project project = study();
        QCOMPARE(*chooseRun(project, Need::pretrained, ""), std::nullopt);
        QCOMPARE(chooseRun(project, Need::trained, "").error().code, Code::needsTraining);
        QCOMPARE(chooseRun(project, Need::trained, "7").error().code, Code::notFound);
        finishedRun(project, 4);
        RunWish wish;
        wish.job = "train";
        VERIFY_OK(prepareRun(project, wish)); // newer, but not finished
        QCOMPARE(chooseRun(project, Need::trained, "")->value().id, std::string("0001-train"));
        QCOMPARE(chooseRun(project, Need::trained, "1")->value().id, std::string("0001-train"));
        QCOMPARE(chooseRun(project, Need::trained, "2").error().code, Code::notFound);
        QCOMPARE(*chooseRun(project, Need::trained, "none"), std::nullopt);
        QCOMPARE(*chooseRun(project, Need::pretrained, ""), std::nullopt);
        QCOMPARE(chooseRun(project, Need::pretrained, "0001-train")->value().number, 1);
    }

    void damagedWeightsAreNoStart()
    {
        Project project = study();
        const std::string folder = finishedRun(project, 4);
        RunWish wish;
        wish.job = "predict";
        wish.parent = *chooseRun(project, Need::trained, "");
        VERIFY_OK(prepareRun(project, wish));
        writeText(folder + "/weights.safetensors", "weighty"); // one byte another, the length the same
        QCOMPARE(prepareRun(project, wish).error().code, Code::corrupt);
    }

    void booksWhatFinishedMeanwhile()
    {
        Project project = study();
        finishedRun(project, 4);
        VERIFY_OK(project.release());
        QVERIFY(!project.held());
        VERIFY_OK(project.reopen());
        const auto runs = project.study().index().runs();
        VERIFY_OK(runs);
        QCOMPARE(runs->size(), std::size_t(1));
        const auto curve = learningCurve(project);
        VERIFY_OK(curve);
        QCOMPARE(curve->basis, CurveBasis::test);
        QCOMPARE(curve->points.size(), std::size_t(1));
        const double accuracy = curve->points[0].values.at("accuracy");
        VERIFY_OK(rebuildIndex(project));
        QCOMPARE(learningCurve(project)->points.at(0).values.at("accuracy"), accuracy);
        QCOMPARE(bookFinishedRuns(project)->size(), std::size_t(0));
    }

    void aDamagedRunKeepsNobodyOut()
    {
        Project project = study();
        const std::string folder = finishedRun(project, 4);
        writeText(folder + "/probabilities.npy", "nonsense");
        VERIFY_OK(project.release());
        VERIFY_OK(project.reopen());
        QCOMPARE(project.study().index().runs()->size(), std::size_t(0));
    }

    void measuresAgainstHiddenTruth()
    {
        Project project = study();
        finishedRun(project, 4);
        const auto run = chooseRun(project, Need::trained, "");
        const auto evaluation = evaluateRun(project, **run, Split::test, 1);
        VERIFY_OK(evaluation);
        std::int64_t wrong = 0;
        std::int64_t all = 0;
        for (std::size_t t = 0; t < 2; ++t)
            for (std::size_t p = 0; p < 2; ++p) {
                all += evaluation->confusion[t][p];
                wrong += t == p ? 0 : evaluation->confusion[t][p];
            }
        QCOMPARE(all, evaluation->n);
        QVERIFY(wrong > 0);
        QCOMPARE(evaluation->values.at("accuracy"), 1 - double(wrong) / double(all));
        QVERIFY(evaluation->intervals.at("accuracy").low < evaluation->values.at("accuracy"));
        QCOMPARE(evaluation->patients * 2, evaluation->n);
        QCOMPARE(evaluateRun(project, **run, Split::val, 1).error().code, Code::needsLabels);
        const auto json = toJson(*evaluation);
        for (const char* key : {"run", "split", "n", "patients", "classes", "accuracy", "balanced_accuracy", "auc",
                                "f1_macro", "f1_weighted", "confusion", "interval"})
            QVERIFY2(json.contains(key), key);
    }

    void ranksTheSameEachTime()
    {
        Project project = study();
        const auto cold = rankPool(project, "entropy", 3);
        VERIFY_OK(cold);
        QCOMPARE(cold->strategy, std::string("random"));
        QVERIFY(cold->run.empty());
        finishedRun(project, 4);
        const auto first = rankPool(project, "entropy", 3);
        const auto second = rankPool(project, "entropy", 3);
        VERIFY_OK(first);
        QCOMPARE(first->run, std::string("0001-train"));
        QCOMPARE(first->items.size(), second->items.size());
        for (std::size_t i = 0; i < first->items.size(); ++i)
            QCOMPARE(first->items[i].id, second->items[i].id);
        QVERIFY(first->items[0].score > first->items.back().score);
        QCOMPARE(rankPool(project, "entropy", 3, "none")->strategy, std::string("random"));
        QCOMPARE(rankPool(project, "best", 3).error().code, Code::notFound);
    }

    void whatNeedsTheEngineIsARunOfItsOwn()
    {
        Project project = study();
        SelectWish wish;
        wish.strategy = "coreset";
        QCOMPARE(prepareSelection(project, wish)->selection.strategy, std::string("random")); // a cold start
        finishedRun(project, 4);
        wish.options = {{"count", 3}};
        const auto prepared = prepareSelection(project, wish);
        VERIFY_OK(prepared);
        QCOMPARE(prepared->selection.run, std::string("0001-train"));
        QVERIFY(prepared->folder.ends_with("0002-select"));
        QVERIFY(std::filesystem::exists(prepared->folder + "/input/probabilities.npy"));
        const auto snapshot = readSnapshot(prepared->folder);
        VERIFY_OK(snapshot);
        QVERIFY(snapshot->options == (nlohmann::json{{"count", 3}, {"strategy", "coreset"}}));
        writeText(prepared->folder + "/select.json",
                  R"({"items":[{"id":"a","score":1,"rank":1,"reason":"coreset 2 1","audit":false}],"notes":{"x":1}})");
        const auto selection = readSelection(*prepared);
        VERIFY_OK(selection);
        QCOMPARE(selection->items[0].reason, std::string("coreset 2 1"));
        QVERIFY(selection->notes["x"] == 1);
        for (const char* bad : {"nonsense", "{}", R"({"items":[{}]})",
                                R"({"items":[{"id":"a","score":1,"rank":1,"reason":"tarot","audit":false}]})"}) {
            writeText(prepared->folder + "/select.json", bad);
            QCOMPARE(readSelection(*prepared).error().code, Code::badInput);
        }
        // Finished, it serves the window until its images are labelled.
        QVERIFY(!*lastSelection(project, "coreset", 1));
        const auto ranked = *rankPool(project, "random", 1);
        const std::string first = ranked.items[0].id, second = ranked.items[1].id;
        nlohmann::json items = nlohmann::json::array();
        for (const std::string& id : {first, second})
            items.push_back({{"id", id}, {"score", 1}, {"rank", 1}, {"reason", "coreset 2 1"}, {"audit", false}});
        writeText(prepared->folder + "/select.json", nlohmann::json{{"items", items}}.dump());
        VERIFY_OK(writeManifest(prepared->folder));
        QCOMPARE((*lastSelection(project, "coreset", 1))->items.size(), std::size_t(2));
        QVERIFY(!*lastSelection(project, "coreset", 2));
        QVERIFY(!*lastSelection(project, "typical", 1));
        VERIFY_OK(queueBatch(project, ranked, 1));
        VERIFY_OK(labelByOracle(project, 1));
        const auto rest = *lastSelection(project, "coreset", 1);
        QCOMPARE(rest->items.size(), std::size_t(1));
        QCOMPARE(rest->items[0].id, second);
        QVERIFY(*ranksAtOnce("entropy:.5+random:.5") && !*ranksAtOnce("kurtosis"));
        QVERIFY(!*ranksAtOnce("entropy", {{"diverse", true}}));
        QCOMPARE(ranksAtOnce("entropy", {{"magic", 1}}).error().code, Code::usage);
        QCOMPARE(rankPool(project, "coreset", 1).error().code, Code::usage);
    }

    void imagesThatTheRunHasNotSeenComeLast()
    {
        Project project = study();
        finishedRun(project, 4);
        const std::string more = fresh();
        drawStudy(more, 1, 9);
        VERIFY_OK(importImages(project, importOf(more)));
        const auto selection = rankPool(project, "entropy", 1);
        VERIFY_OK(selection);
        QCOMPARE(selection->items.back().reason, std::string("no-evidence"));
        QVERIFY(std::isfinite(selection->items.back().score));
    }

    void queuesWhatWasSelected()
    {
        Project project = study();
        const auto selection = rankPool(project, "random", 3);
        VERIFY_OK(selection);
        const auto batch = queueBatch(project, *selection, 4);
        VERIFY_OK(batch);
        const auto queue = project.study().queue();
        for (std::size_t i = 0; i < 4; ++i) {
            QCOMPARE((*queue)[i].sample, selection->items[i].id);
            QCOMPARE((*queue)[i].batch, *batch);
        }
        VERIFY_OK(labelByOracle(project, 4));
        QCOMPARE(project.study().queue()->front().batch, 0);
    }

    void labelsFromATable()
    {
        Project project = study();
        const auto samples = *project.study().samples();
        const std::string table = fresh() + ".csv";
        writeText(table,
                  "id,label\n" + samples[0].id + ",A\n" + samples[1].id + ",C\nnobody,A\n" + samples[2].id + ",b\n");
        int acknowledged = 0;
        auto report = labelFromTable(project, table, "ann", [&](const std::string&, int) { ++acknowledged; });
        VERIFY_OK(report);
        QCOMPARE(report->labelled, 2);
        QCOMPARE(acknowledged, 2);
        QCOMPARE(report->failed.size(), std::size_t(2));
        writeText(table, "id,label\n" + samples[0].id + ",B\n");
        report = labelFromTable(project, table, "ann");
        VERIFY_OK(report);
        QCOMPARE(report->revised, 1);
        QCOMPARE(report->labelled, 0);
        QCOMPARE(project.study().consensus(samples[0].id)->value().classIndex, std::optional<int>(1));
        writeText(table, "id,label\nx,A\nx,B\n");
        QCOMPARE(labelFromTable(project, table, "ann").error().code, Code::badInput);
    }

    void theOracleNeverLabelsTheTestSide()
    {
        Project project = study();
        const auto report = labelByOracle(project, -1);
        VERIFY_OK(report);
        const auto counts = project.study().counts();
        QCOMPARE(report->labelled, counts->training);
        QVERIFY(counts->test > 0);
        const auto labels = project.study().currentLabels();
        VERIFY_OK(labels);
        for (const store::CurrentLabel& label : *labels)
            QVERIFY(project.study().sample(label.sample)->split != Split::test);
    }

    void theOracleClosesTheBatchesItReads()
    {
        Project project = study();
        const auto first = queueBatch(project, *rankPool(project, "random", 1), 6);
        VERIFY_OK(first);
        VERIFY_OK(labelByOracle(project, 5));
        QVERIFY(!*project.study().batchClosed(*first));
        VERIFY_OK(labelByOracle(project, 1));
        QVERIFY(*project.study().batchClosed(*first));
        std::int64_t closings = 0;
        const auto events = project.study().events();
        VERIFY_OK(events);
        for (const store::Event& event : *events)
            closings += event.kind == store::EventKind::batchClosed ? 1 : 0;
        QCOMPARE(closings, 1);
        VERIFY_OK(labelByOracle(project, 3)); // beyond any batch
        QCOMPARE(project.study().events()->back().kind, store::EventKind::label);
    }

    void anOracleNeedsTruth()
    {
        const std::string source = fresh();
        drawImage(source + "/a.png", 1);
        auto project = Project::create(fresh(), smallProject());
        VERIFY_OK(project);
        VERIFY_OK(importImages(*project, importOf(source)));
        QCOMPARE(labelByOracle(*project, 1).error().code, Code::noTruth);
        QCOMPARE(learningCurve(*project)->basis, CurveBasis::tooFew);
    }

    void besideAnOwnerTheBackupIsRead()
    {
        Project owner = study();
        const auto beside = Project::open(owner.folder(), Purpose::write);
        QVERIFY(!beside);
        QCOMPARE(beside.error().code, Code::locked);
        VERIFY_OK(owner.release());
        VERIFY_OK(owner.reopen());
        auto reader = Project::open(owner.folder(), Purpose::read);
        VERIFY_OK(reader);
        QVERIFY(reader->readOnly());
        QCOMPARE(reader->study().counts()->samples, 120);
        QVERIFY(!importImages(*reader, importOf(owner.folder())));
    }
};

QTEST_GUILESS_MAIN(RunsTest)
#include "tst_runs.moc"
