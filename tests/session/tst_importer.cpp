// SPDX-License-Identifier: GPL-3.0-or-later
#include "SmallStudy.h"

#include "base/AtomicFile.h"
#include "session/Runs.h"

#include <QTest>
#include <map>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace foveate;
using namespace foveate::session;

class ImporterTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_count = 0;

    std::string fresh() { return m_folder.filePath(QString::number(++m_count)).toStdString(); }
    Project made()
    {
        auto project = Project::create(fresh(), smallProject());
        if (!project)
            qFatal("%s", failure(project.error()).constData());
        return std::move(*project);
    }
    static std::map<std::string, Split> sides(Project& project)
    {
        std::map<std::string, Split> sides;
        for (const store::Sample& sample : samplesOf(project))
            sides[sample.id] = sample.split;
        return sides;
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (access(decoderProgram().c_str(), X_OK) != 0)
            QFAIL("foveate-decode is not built");
    }

    void importsAFolderByClass()
    {
        const std::string source = fresh();
        drawStudy(source, 6);
        drawImage(source + "/A/again.png", 10'000, 0); // the pixels of A/p0-0.png
        writeText(source + "/notes.txt", "no image");
        writeText(source + "/empty.png", "");
        writeText(source + "/.hidden", "");
        Project project = made();
        const auto report = importImages(project, importOf(source));
        VERIFY_OK(report);
        QCOMPARE(report->files, 16);
        QCOMPARE(report->imported, 12);
        QCOMPARE(report->samples, 12);
        QCOMPARE(report->duplicates, 1);
        QCOMPARE(report->skipped, 1);
        QCOMPARE(report->failed.size(), std::size_t(2));
        QCOMPARE(report->failed[0].file, std::string("empty.png"));
        QCOMPARE(report->failed[1].error.code, Code::notAnImage);
        QCOMPARE(report->files,
                 report->imported + report->duplicates + report->skipped + std::int64_t(report->failed.size()));
        QCOMPARE(report->patients, 7); // again.png comes first and says nothing about its patient
        QCOMPARE(report->ownPatients, 1);
        QCOMPARE(report->labelled, 12);
        const auto counts = project.study().counts();
        VERIFY_OK(counts);
        QCOMPARE(counts->labelled, 12);
        QVERIFY(!counts->hasTruth);
        const auto labels = project.study().currentLabels();
        QCOMPARE(labels->front().reader, std::string("import"));
        QCOMPARE(project.pack()->count(), std::size_t(12));
    }

    void hidesLabels()
    {
        const std::string source = fresh();
        drawStudy(source, 4);
        Project project = made();
        ImportOptions options = importOf(source);
        options.hideLabels = true;
        VERIFY_OK(importImages(project, options));
        QCOMPARE(project.study().counts()->labelled, 0);
        QCOMPARE(project.study().hiddenTruth()->size(), std::size_t(8));
        const auto document = info(project, true);
        VERIFY_OK(document);
        for (const auto& sample : document->at("samples"))
            QVERIFY(sample.at("label").is_null());
        QVERIFY(document->dump().find("truth") == std::string::npos);
    }

    void givesTheSameWhateverTheNumberOfWorkers()
    {
        const std::string source = fresh();
        drawStudy(source, 30);
        std::vector<std::string> packs;
        std::vector<std::map<std::string, Split>> splits;
        for (const int workers : {1, 2, 5}) {
            Project project = made();
            ImportOptions options = importOf(source);
            options.workers = workers;
            options.split = "60/20/20";
            VERIFY_OK(importImages(project, options));
            packs.push_back(*readFile(project.packPath()));
            splits.push_back(sides(project));
        }
        QVERIFY(packs[0] == packs[1] && packs[1] == packs[2]);
        QVERIFY(splits[0] == splits[1] && splits[1] == splits[2]);
    }

    void newImagesFollowTheirPatient()
    {
        const std::string first = fresh();
        drawStudy(first, 20);
        Project project = made();
        ImportOptions options = importOf(first);
        options.split = "50/0/50";
        VERIFY_OK(importImages(project, options));
        const auto before = sides(project);
        const std::string second = fresh();
        drawStudy(second, 20, 2); // other images of the same patients
        options = importOf(second);
        options.split = "0/0/100"; // would send everybody to the test side
        VERIFY_OK(importImages(project, options));
        std::map<std::int64_t, std::set<Split>> byPatient;
        for (const store::Sample& sample : samplesOf(project))
            byPatient[sample.patient].insert(sample.split);
        QCOMPARE(byPatient.size(), std::size_t(20));
        for (const auto& [patient, found] : byPatient)
            QCOMPARE(found.size(), std::size_t(1));
        for (const auto& [id, side] : before)
            QCOMPARE(sides(project).at(id), side);
    }

    void aPatientOnTwoSidesWritesNothing()
    {
        const std::string source = fresh();
        drawStudy(source, 4);
        writeText(source + "/list.csv", "path,label,patient,fold\nA/p0-0.png,A,p0,train\nA/p0-1.png,A,p0,test\n");
        Project project = made();
        ImportOptions options = importOf(source + "/list.csv");
        options.patient.clear();
        options.split = "fold";
        const auto report = importImages(project, options);
        QVERIFY(!report);
        QCOMPARE(report.error(), (Error{Code::patientSplit, {"p0", "train", "test"}}));
        QCOMPARE(project.study().counts()->samples, 0);
        QCOMPARE(project.study().counts()->events, 0);
        QVERIFY(!project.pack() || project.pack()->count() == 0);
    }

    void aColumnAgainstTheFrozenSideWritesNothing()
    {
        const std::string source = fresh();
        drawStudy(source, 4);
        Project project = made();
        writeText(source + "/one.csv", "path,patient,split\nA/p0-0.png,p0,train\n");
        writeText(source + "/two.csv", "path,patient,split\nA/p0-1.png,p0,test\nB/p1-0.png,p1,test\n");
        ImportOptions options = importOf(source + "/one.csv");
        options.patient.clear();
        options.split = "split";
        VERIFY_OK(importImages(project, options));
        options.source = source + "/two.csv";
        QCOMPARE(importImages(project, options).error().code, Code::patientSplit);
        QCOMPARE(project.study().counts()->samples, 1);
    }

    void saysWhichRowsOfAManifestFail()
    {
        const std::string source = fresh();
        drawStudy(source, 2);
        writeText(source + "/list.csv",
                  "file,class,eye\nA/p0-0.png,A,left\nA/none.png,A,\nB/p1-0.png,C,\nB/p1-1.png,,right\n");
        Project project = made();
        const auto report = importImages(project, importOf(source + "/list.csv"));
        VERIFY_OK(report);
        QCOMPARE(report->imported, 2);
        QCOMPARE(report->labelled, 1);
        std::map<std::string, Code> failed;
        for (const ImportFailure& one : report->failed)
            failed[one.file] = one.error.code;
        QCOMPARE(failed, (std::map<std::string, Code>{{"A/none.png", Code::notFound}, {"B/p1-0.png", Code::notFound}}));
        bool left = false;
        for (const store::Sample& sample : samplesOf(project))
            left = left || sample.metadata == R"({"eye":"left"})";
        QVERIFY(left);
    }

    void keepsNamesThatAreNotUtf8()
    {
        const std::string source = fresh();
        drawImage(source + "/a\xff\n.png", 1);
        Project project = made();
        VERIFY_OK(importImages(project, importOf(source)));
        QCOMPARE(project.study().samples()->front().relativePath, std::string("a\xff\n.png"));
        QCOMPARE(info(project, true)->at("samples")[0].at("file").get<std::string>(), std::string("a\\xff\\x0a.png"));
    }

    void importsWhatIsCutAsDamaged()
    {
        const std::string source = fresh();
        drawImage(source + "/whole.png", 1);
        const std::string bytes = *readFile(source + "/whole.png");
        drawImage(source + "/cut.png", 2);
        const std::string other = *readFile(source + "/cut.png");
        writeText(source + "/cut.png", other.substr(0, other.size() * 2 / 3));
        Project project = made();
        const auto report = importImages(project, importOf(source));
        VERIFY_OK(report);
        QCOMPARE(report->imported + std::int64_t(report->failed.size()), 2);
        QCOMPARE(project.study().counts()->damaged, report->damaged);
        QVERIFY(report->damaged == 1 || report->failed.size() == 1);
    }

    void aDryRunWritesNothing()
    {
        const std::string source = fresh();
        drawStudy(source, 4);
        Project project = made();
        ImportOptions options = importOf(source);
        options.dryRun = true;
        const auto report = importImages(project, options);
        VERIFY_OK(report);
        QCOMPARE(report->imported, 8);
        QCOMPARE(project.study().counts()->samples, 0);
        QVERIFY(!project.pack());
    }

    void aCancelLeavesTheProjectAsItWas()
    {
        const std::string source = fresh();
        drawStudy(source, 40);
        Project project = made();
        std::atomic<bool> cancel = false;
        ImportControl control;
        control.cancel = &cancel;
        control.progress = [&](const Progress&) { cancel = true; };
        QCOMPARE(importImages(project, importOf(source), control).error().code, Code::cancelled);
        QCOMPARE(project.study().counts()->samples, 0);
        cancel = false;
        control.progress = {};
        const auto report = importImages(project, importOf(source), control);
        VERIFY_OK(report);
        QCOMPARE(report->imported, 80);
        QCOMPARE(project.pack()->count(), std::size_t(80));
    }

    void theCacheMayBeDeleted()
    {
        const std::string source = fresh();
        drawStudy(source, 6);
        Project project = made();
        VERIFY_OK(importImages(project, importOf(source)));
        const auto before = project.study().samples();
        std::filesystem::remove_all(project.folder() + "/cache");
        std::filesystem::remove(source + "/A/p0-0.png");
        drawImage(source + "/A/p2-0.png", 77'777);
        const std::string more = fresh();
        drawStudy(more, 2, 5);
        VERIFY_OK(importImages(project, importOf(more)));
        const auto pack = project.pack();
        VERIFY_OK(pack);
        std::map<store::SampleState, int> states;
        for (const store::Sample& sample : samplesOf(project)) {
            ++states[sample.state];
            if (sample.state == store::SampleState::ok)
                QVERIFY(pack->record(std::size_t(sample.packRow)).pixelSha == sample.pixelSha);
        }
        QCOMPARE(states[store::SampleState::ok], 14);
        QCOMPARE(states[store::SampleState::missing], 1);
        QCOMPARE(states[store::SampleState::quarantined], 1);
        QCOMPARE(before->size(), std::size_t(12));
    }

    /// A run's pack is a hard link, and must stay what the run has seen.
    void anImportDoesNotChangeTheRunsBefore()
    {
        const std::string source = fresh();
        drawStudy(source, 4);
        Project project = made();
        VERIFY_OK(importImages(project, importOf(source)));
        RunWish wish;
        wish.job = "train";
        const auto run = prepareRun(project, wish);
        VERIFY_OK(run);
        const std::string before = *readFile(*run + "/input/pack");
        const std::string more = fresh();
        drawStudy(more, 2, 5);
        VERIFY_OK(importImages(project, importOf(more)));
        QVERIFY(*readFile(*run + "/input/pack") == before);
        QCOMPARE(project.pack()->count(), std::size_t(12));
    }
};

QTEST_GUILESS_MAIN(ImporterTest)
#include "tst_importer.moc"
