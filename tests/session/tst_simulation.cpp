// SPDX-License-Identifier: GPL-3.0-or-later
#include "SmallStudy.h"

#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "session/Demo.h"
#include "session/Runs.h"
#include "session/Simulation.h"

#include <QSignalSpy>
#include <QTest>
#include <map>
#include <set>
#include <unistd.h>

using namespace foveate;
using namespace foveate::session;

namespace {

/// Ends when the simulation does: "finished", or the failure.
QString played(Simulation& simulation)
{
    QSignalSpy finished(&simulation, &Simulation::finished);
    QSignalSpy failed(&simulation, &Simulation::failed);
    simulation.start();
    (void)QTest::qWaitFor([&] { return finished.count() + failed.count() > 0; }, 120'000);
    if (finished.count() > 0)
        return QStringLiteral("finished");
    return failed.isEmpty() ? QStringLiteral("nothing")
                            : QString::fromUtf8(name(failed[0][0].value<Error>().code).data());
}

/// The rows without their times.
QStringList figures(const std::vector<SimulationRow>& rows)
{
    QStringList list;
    for (const SimulationRow& row : rows)
        list << QStringLiteral("%1 %2 %3 %4 %5")
                    .arg(QString::fromStdString(row.strategy))
                    .arg(row.repeat)
                    .arg(row.labels)
                    .arg(QString::fromStdString(row.metric))
                    .arg(row.value, 0, 'g', 17);
    return list;
}

} // namespace

class SimulationTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_count = 0;

    std::string fresh() { return m_folder.filePath(QString::number(++m_count)).toStdString(); }

    Project study() { return hiddenStudy(fresh(), fresh(), "60/0/40"); }

    static SimulationOptions small()
    {
        SimulationOptions options;
        options.rounds = 3;
        options.batch = 8;
        options.repeats = 2;
        options.threads = 1;
        options.engine.program = engineProgram();
        return options;
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (access(decoderProgram().c_str(), X_OK) != 0 || access(engineProgram().toStdString().c_str(), X_OK) != 0)
            QFAIL("foveate-decode or foveate-engine is not built");
    }

    void playsAllRoundsAndWritesNoEvent()
    {
        Project project = study();
        const auto heads = *project.study().eventHeads();
        auto simulation = Simulation::prepare(project, small());
        VERIFY_OK(simulation);
        VERIFY_OK(project.release());
        QCOMPARE(played(**simulation), "finished");
        const auto& rows = (*simulation)->rows();
        QCOMPARE(rows.size(), std::size_t(2 * 2 * 3 * 4)); // strategies, repeats, rounds, metrics
        std::map<std::pair<int, std::string>, double> start;
        for (const SimulationRow& row : rows) {
            QVERIFY(row.value >= 0 && row.value <= 1);
            QVERIFY(row.labels % 8 == 0 && row.labels <= 24);
            QVERIFY(row.seconds > 0);
            if (row.labels == 8) // the first batch and its training are common
                QCOMPARE(start.emplace(std::pair(row.repeat, row.metric), row.value).first->second, row.value);
        }
        VERIFY_OK(project.reopen());
        QVERIFY(*project.study().eventHeads() == heads);
        QCOMPARE(project.study().counts()->labelled, 0);
        VERIFY_OK(verifyManifest((*simulation)->folder()));
        const auto written = simulationRows(*readFile((*simulation)->folder() + "/rows.json"));
        VERIFY_OK(written);
        QCOMPARE(figures(*written), figures(rows));
        QVERIFY(!project.study().index().metrics("0001-simulate")->empty());
        const std::string round = (*simulation)->folder() + "/rounds/entropy-1-2";
        QVERIFY(!std::filesystem::exists(round + "/weights.safetensors"));
        VERIFY_OK(verifyManifest(round));
        QVERIFY(!std::filesystem::exists(round + "/input/truth.json"));
    }

    void theRowsDoNotDependOnTheNumberOfEngines()
    {
        Project project = study();
        QStringList first;
        for (const int engines : {1, 3}) {
            SimulationOptions options = small();
            options.engines = engines;
            options.rounds = 2;
            options.threads = engines; // one each
            auto simulation = Simulation::prepare(project, options);
            VERIFY_OK(simulation);
            QCOMPARE(played(**simulation), "finished");
            if (first.isEmpty())
                first = figures((*simulation)->rows());
            QCOMPARE(figures((*simulation)->rows()), first);
        }
    }

    void strategiesThatNeedTheEngineTakePart()
    {
        Project project = study();
        SimulationOptions options = small();
        options.strategies = {"coreset", "kurtosis", "entropy:.5+random:.5"};
        options.repeats = 1;
        options.selecting = {{"map", "gradcam"}};
        auto simulation = Simulation::prepare(project, options);
        VERIFY_OK(simulation);
        QCOMPARE(played(**simulation), "finished");
        QCOMPARE((*simulation)->rows().size(), std::size_t(3 * 3 * 4));
        const std::string rounds = (*simulation)->folder() + "/rounds/";
        for (const char* list :
             {"coreset-1-2-select", "coreset-1-3-select", "kurtosis-1-2-select", "kurtosis-1-3-select"}) {
            QVERIFY(std::filesystem::exists(rounds + list + "/select.json"));
            QVERIFY(!std::filesystem::exists(rounds + list + "/input/weights.safetensors"));
            VERIFY_OK(verifyManifest(rounds + list));
        }
        QVERIFY(!std::filesystem::exists(rounds + "start-1-1/weights.safetensors"));
        options.resume = "newest"; // again in a new folder: the same figures
        auto again = Simulation::prepare(project, options);
        VERIFY_OK(again);
        QCOMPARE(played(**again), "finished");
        QCOMPARE(figures((*again)->rows()), figures((*simulation)->rows()));
    }

    void batchesGrow()
    {
        Project project = study();
        SimulationOptions options = small();
        options.strategies = {"random"};
        options.repeats = 1;
        options.rounds = 4;
        options.batch = 4;
        options.largestBatch = 10;
        auto simulation = Simulation::prepare(project, options);
        VERIFY_OK(simulation);
        QCOMPARE(played(**simulation), "finished");
        std::set<std::int64_t> labels;
        for (const SimulationRow& row : (*simulation)->rows())
            labels.insert(row.labels);
        QCOMPARE(labels, (std::set<std::int64_t>{4, 8, 16, 26}));
        options.largestBatch = 3;
        QCOMPARE(Simulation::prepare(project, options).error().code, Code::usage);
    }

    void goesOnWhereItWasStopped()
    {
        Project project = study();
        SimulationOptions options = small();
        options.repeats = 1;
        auto whole = Simulation::prepare(project, options);
        VERIFY_OK(whole);
        QCOMPARE(played(**whole), "finished");
        options.resume = "newest";
        std::string folder;
        {
            auto first = Simulation::prepare(project, options);
            VERIFY_OK(first);
            folder = (*first)->folder();
            QVERIFY(folder != (*whole)->folder()); // that one is finished
            connect(first->get(), &Simulation::rowsAdded, first->get(), [&first] { (*first)->stop(); });
            QCOMPARE(played(**first), "cancelled");
            // Nobody else may go on with it meanwhile.
            QCOMPARE(Simulation::prepare(project, options).error().code, Code::locked);
        }
        auto second = Simulation::prepare(project, options);
        VERIFY_OK(second);
        QCOMPARE((*second)->folder(), folder);
        QCOMPARE(played(**second), "finished");
        QCOMPARE(figures((*second)->rows()), figures((*whole)->rows()));
    }

    void anEngineThatDiesIsStartedAgain()
    {
        Project project = study();
        SimulationOptions options = small();
        options.strategies = {"random"};
        options.repeats = 1;
        options.rounds = 1;
        options.engine.program = QStringLiteral("/bin/false");
        auto simulation = Simulation::prepare(project, options);
        VERIFY_OK(simulation);
        QElapsedTimer clock;
        clock.start();
        QCOMPARE(played(**simulation), "engine-died");
        QVERIFY(clock.elapsed() >= 2000); // it waited between the tries
    }

    void keepsWeightsWhenAsked()
    {
        Project project = study();
        SimulationOptions options = small();
        options.strategies = {"margin"};
        options.repeats = 1;
        options.rounds = 2;
        options.keep = true;
        auto simulation = Simulation::prepare(project, options);
        VERIFY_OK(simulation);
        QCOMPARE(played(**simulation), "finished");
        QVERIFY(std::filesystem::exists((*simulation)->folder() + "/rounds/margin-1-2/weights.safetensors"));
    }

    void saysWhatIsMissing()
    {
        Project project = study();
        SimulationOptions options = small();
        options.strategies = {"best"};
        QCOMPARE(Simulation::prepare(project, options).error().code, Code::notFound);
        options.strategies = {"random", "random"};
        QCOMPARE(Simulation::prepare(project, options).error().code, Code::usage);
        options = small();
        options.batch = 1000;
        QCOMPARE(Simulation::prepare(project, options).error().code, Code::needsLabels);
        const std::string source = fresh();
        drawImage(source + "/a.png", 1);
        auto other = Project::create(fresh(), smallProject());
        VERIFY_OK(other);
        VERIFY_OK(importImages(*other, importOf(source)));
        QCOMPARE(Simulation::prepare(*other, small()).error().code, Code::noTruth);
    }

    void summarises()
    {
        const std::vector<SimulationRow> rows{{"a", 1, 10, "accuracy", .5, 1},
                                              {"a", 2, 10, "accuracy", .7, 1},
                                              {"a", 1, 20, "accuracy", .8, 1},
                                              {"a", 2, 20, "accuracy", .8, 1}};
        const auto points = summarise(rows);
        QCOMPARE(points.size(), std::size_t(2));
        QCOMPARE(points[0].mean, .6);
        QVERIFY(std::abs(points[0].spread - std::sqrt(.02)) < 1e-12);
        QVERIFY(std::abs(areaUnderCurve(rows, "accuracy").at("a") - .7) < 1e-12);
        QCOMPARE(simulationRows("[{}]").error().code, Code::badInput);
        QCOMPARE(simulationRows("nonsense").error().code, Code::badInput);
    }

    void theDemoIsAnOrdinaryImport()
    {
        DemoOptions options;
        options.images = 24;
        options.modality = "histology";
        options.decoder = decoderProgram();
        auto project = createDemo(fresh(), options);
        VERIFY_OK(project);
        const auto counts = project->study().counts();
        QCOMPARE(counts->samples, 24);
        QVERIFY(counts->hasTruth);
        QCOMPARE(counts->labelled, 0);
        QCOMPARE(project->pack()->shape().channels, 3U);
        QCOMPARE(createDemo(project->folder(), options).error().code, Code::alreadyExists);
        auto again = createDemo(fresh(), options);
        VERIFY_OK(again);
        QVERIFY(*readFile(again->packPath()) == *readFile(project->packPath()));
    }
};

QTEST_GUILESS_MAIN(SimulationTest)
#include "tst_simulation.moc"
