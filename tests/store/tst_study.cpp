// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "base/AtomicFile.h"
#include "store/Backup.h"
#include "store/Migrations.h"
#include "store/Verify.h"

#include <fcntl.h>
#include <filesystem>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace foveate;
using namespace foveate::store;
namespace fs = std::filesystem;

class TestStudy : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_number = 0;
    std::string next() { return m_folder.filePath(QString::number(++m_number)).toStdString(); }
    /// A file system of its own; empty when this user may not mount.
    static bool mountSmall(const std::string& folder, const char* size)
    {
        fs::create_directory(folder);
        return ::mount("tmpfs", folder.c_str(), "tmpfs", 0, size) == 0;
    }
    /// One file that takes what is left.
    static void fillUp(const std::string& disk)
    {
        const int filler = ::open((disk + "/filler").c_str(), O_CREAT | O_WRONLY, 0600);
        const int refused = ::posix_fallocate(filler, 0, off_t(fs::space(disk).free));
        ::close(filler);
        if (refused != 0)
            qWarning("the disk could not be filled");
    }

private Q_SLOTS:
    /// Qt's own removal cannot name what is not UTF-8.
    void cleanupTestCase() { fs::remove_all(m_folder.path().toStdString()); }

    void createdAndOpenedAgain()
    {
        const std::string path = next();
        ProjectFile project = projectFile();
        project.classes = {"it's", "'; DROP TABLE event; --", "naïve"};
        {
            auto study = Study::create(path, project, opening());
            OK(study);
            QVERIFY(!study->project().uuid.empty());
            QVERIFY(!study->readOnly());
        }
        auto again = Study::openOwner(path, opening());
        OK(again);
        QVERIFY(again->project().classes == project.classes);
        QVERIFY(again->differences().empty());
        QVERIFY(verify(*again)->ok());
        for (const char* leaf : {"project.toml", "labels.sqlite", "index.sqlite", "lock", "runs", "backup", "cache"})
            QVERIFY2(fs::exists(path + "/" + leaf), leaf);
    }

    void createIsRefusedWhereSomethingIs()
    {
        const std::string path = next();
        OK(Study::create(path, projectFile(), opening()));
        FAILS(Study::create(path, projectFile(), opening()), Code::alreadyExists);
        ProjectFile wrong = projectFile();
        wrong.classes = {};
        FAILS(Study::create(next(), wrong, opening()), Code::badInput);
        QVERIFY(!fs::exists(m_folder.filePath(QString::number(m_number)).toStdString()));
        FAILS(Study::openOwner("/nonexistent/study", opening()), Code::notFound);
        const std::string empty = next();
        fs::create_directory(empty);
        FAILS(Study::openOwner(empty, opening()), Code::notFound);
    }

    void theSecondOpenerLearnsWhoHasIt()
    {
        const std::string path = next();
        auto owner = Study::create(path, projectFile(), opening());
        OK(owner);
        std::vector<Sample> samples = makeSamples(2);
        OK(owner->insertSamples(samples));
        const auto second = Study::openOwner(path, opening(2));
        FAILS(second, Code::locked);
        QCOMPARE(second.error().arg(0), std::string("reader"));
        QCOMPARE(second.error().arg(1), std::string("host"));
        QVERIFY(!second.error().arg(2).empty());
        // Beside the owner there is the last backup, and it cannot be written.
        auto reader = Study::openFromBackup(path);
        OK(reader);
        QVERIFY(reader->readOnly());
        QVERIFY(!reader->backupTime().empty());
        QCOMPARE(reader->samples()->size(), std::size_t(0));
        FAILS(reader->append(labelEvent(samples[0].id, 0)), Code::locked);
        FAILS(reader->insertSamples(samples), Code::locked);
        OK(owner->append(labelEvent(samples[0].id, 0)));
        OK(owner->close());
        auto later = Study::openFromBackup(path);
        OK(later);
        QCOMPARE(later->currentLabels()->size(), std::size_t(1));
        OK(Study::openOwner(path, opening(2)));
    }

    void projectTomlLosesAgainstTheDatabase()
    {
        const std::string path = next();
        OK(Study::create(path, projectFile(), opening()));
        auto toml = readProjectFile(path + "/project.toml");
        OK(toml);
        toml->classes.push_back("new");
        toml->retrainAfter = 33;
        OK(writeProjectFile(path + "/project.toml", *toml));
        {
            auto study = Study::openOwner(path, opening());
            OK(study);
            QCOMPARE(study->differences(), std::vector<std::string>{"classes"});
            QCOMPARE(study->project().classes.size(), std::size_t(3));
            QCOMPARE(study->project().retrainAfter, 33);
            ProjectFile changed = study->project();
            changed.policy = "after";
            OK(study->setProject(changed));
            changed.modality = "xray";
            FAILS(study->setProject(changed), Code::usage);
        }
        fs::remove(path + "/project.toml");
        auto without = Study::openOwner(path, opening());
        OK(without);
        QCOMPARE(without->project().classes.size(), std::size_t(3));
    }

    void aNewerFileIsRefusedAndUntouched()
    {
        const std::string path = next();
        OK(Study::create(path, projectFile(), opening()));
        {
            auto connection = Connection::open(path + "/labels.sqlite", Access::readWrite);
            OK(connection);
            OK(connection->execute("PRAGMA user_version=99"));
        }
        const auto before = readFile(path + "/labels.sqlite");
        const auto refused = Study::openOwner(path, opening());
        FAILS(refused, Code::newerVersion);
        QCOMPARE(refused.error().arg(1), std::string("99"));
        QVERIFY(*readFile(path + "/labels.sqlite") == *before);
    }

    void theFirstReleasesFileOpens()
    {
        const std::string path = next();
        OK(Study::create(path, projectFile(), opening()));
        fs::remove(path + "/labels.sqlite");
        sqlite3* database = nullptr;
        QCOMPARE(sqlite3_open((path + "/labels.sqlite").c_str(), &database), SQLITE_OK);
        const auto sql = readFile(std::string(FOVEATE_SOURCE_DIR) + "/tests/store/fixtures/labels-v1.sql");
        OK(sql);
        QCOMPARE(sqlite3_exec(database, sql->c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(database);
        auto study = Study::openOwner(path, opening());
        OK(study);
        const auto report = verify(*study);
        OK(report);
        QVERIFY2(report->ok(), report->ok() ? "" : describe(report->findings.front()).c_str());
        QCOMPARE(report->events, std::int64_t(5));
        QCOMPARE(study->counts()->labelled, std::int64_t(2));
        QCOMPARE(study->project().classes.at(1), std::string("it's"));
    }

    void aPatientHasOneSide()
    {
        auto study = Study::create(next(), projectFile(), opening());
        OK(study);
        std::vector<Sample> samples{makeSample(0, "p", Split::train), makeSample(1, "p", Split::test)};
        const Status twoSides = study->insertSamples(samples);
        FAILS(twoSides, Code::patientSplit);
        QCOMPARE(twoSides.error().args, (std::vector<std::string>{"p", "train", "test"}));
        QCOMPARE(study->counts()->samples, std::int64_t(0));
        // Without a side of its own an image goes where its patient is, in this import and in later ones.
        samples = {makeSample(0, "p"), makeSample(1, "p", Split::test), makeSample(2, "q"), makeSample(3)};
        OK(study->insertSamples(samples));
        QCOMPARE(samples[0].split, Split::test);
        QCOMPARE(samples[0].patient, samples[1].patient);
        QVERIFY(samples[2].patient != samples[3].patient);
        std::vector<Sample> later{makeSample(10, "p")};
        OK(study->insertSamples(later));
        QCOMPARE(later[0].split, Split::test);
        later = {makeSample(11, "p", Split::train)};
        FAILS(study->insertSamples(later), Code::patientSplit);
        OK(study->assignSplits({{samples[2].patient, Split::train}}));
        FAILS(study->assignSplits({{samples[2].patient, Split::val}}), Code::patientSplit);
        QCOMPARE(study->sample(samples[2].id)->split, Split::train);
        QCOMPARE(study->counts()->test, std::int64_t(3));
    }

    void theDatabaseRefusesASecondSideToo()
    {
        const std::string path = next();
        auto study = Study::create(path, projectFile(), opening());
        OK(study);
        std::vector<Sample> samples{makeSample(0, "p", Split::test), makeSample(1, "q", Split::train)};
        OK(study->insertSamples(samples));
        Connection& database = **study->database();
        FAILS(database.execute("UPDATE patient SET split = 'train' WHERE key = 'p'"), Code::patientSplit);
        FAILS(database.execute("UPDATE sample SET patient = 2"), Code::patientSplit);
        // The guard is what refuses: without it the change goes through, and the schema check says so.
        OK(database.execute("DROP TRIGGER patient_split_frozen; UPDATE patient SET split = 'train' WHERE key = 'p'"));
        QVERIFY(!verify(*study)->ok());
    }

    void importIsAllOrNothing()
    {
        auto study = Study::create(next(), projectFile(), opening());
        OK(study);
        std::vector<Sample> first = makeSamples(3);
        std::vector<Event> labels{labelEvent(first[0].id, 1, "import"), eventOfKind(EventKind::imported, "", "import")};
        OK(study->insertSamples(first, labels));
        QCOMPARE(study->counts()->labelled, std::int64_t(1));
        std::vector<Sample> second{makeSample(7), makeSample(2)};
        FAILS(study->insertSamples(second), Code::alreadyExists);
        QVERIFY(!*study->hasSample(makeSample(7).id));
        second = {makeSample(8)};
        FAILS(study->insertSamples(second, {labelEvent(second[0].id, 9, "import")}), Code::usage);
        QVERIFY(!*study->hasSample(second[0].id));
        QVERIFY(verify(*study)->ok());
    }

    void namesAreBytesAndTruthStaysHidden()
    {
        const std::string path = next() + "-\xff\xfe'\n";
        auto study = Study::create(path, projectFile(), opening());
        OK(study);
        std::vector<Sample> samples{makeSample(0)};
        samples[0].relativePath = std::string("a\nb/\xff\xfe '; DROP TABLE sample; --.png");
        samples[0].root = "/pictures/\xe9";
        samples[0].truth = 2;
        OK(study->insertSamples(samples));
        const auto read = study->sample(samples[0].id);
        OK(read);
        QCOMPARE(read->relativePath, samples[0].relativePath);
        QCOMPARE(read->root, samples[0].root);
        QVERIFY(!read->truth);
        QVERIFY(!study->samples()->at(0).truth);
        QCOMPARE(study->hiddenTruth()->at(0).second, 2);
        QVERIFY(!*study->consensus(samples[0].id));
        OK(study->relocate("/pictures/\xe9", "/elsewhere"));
        QCOMPARE(study->sample(samples[0].id)->root, std::string("/elsewhere"));
        OK(study->setState(samples[0].id, SampleState::quarantined));
        QCOMPARE(study->counts()->quarantined, std::int64_t(1));
        OK(study->close());
        OK(Study::openFromBackup(path));
        OK(Study::openOwner(path, opening()));
    }

    void aReadOnlyFolderIsSaidAndTheBackupOpens()
    {
        const std::string path = next();
        OK(Study::create(path, projectFile(), opening()));
        if (::geteuid() == 0) {
            if (!mountSmall(path + "-ro", "size=8m"))
                QSKIP("skipped: this user may not mount a file system");
            fs::copy(path, path + "-ro/study", fs::copy_options::recursive);
            ::mount(nullptr, (path + "-ro").c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
        } else {
            fs::create_directory(path + "-ro");
            fs::copy(path, path + "-ro/study", fs::copy_options::recursive);
            for (const char* leaf : {"", "/lock", "/labels.sqlite", "/index.sqlite"})
                ::chmod((path + "-ro/study" + leaf).c_str(), 0500);
        }
        const auto refused = Study::openOwner(path + "-ro/study", opening());
        const auto reading = Study::openFromBackup(path + "-ro/study");
        const auto created = Study::create(path + "-ro/study/new", projectFile(), opening());
        if (::geteuid() == 0)
            ::umount2((path + "-ro").c_str(), MNT_DETACH);
        FAILS(refused, Code::readOnly);
        OK(reading);
        FAILS(created, Code::readOnly);
    }

    void aFullDiskLosesNothing()
    {
        const std::string disk = next();
        if (!mountSmall(disk, "size=200m"))
            QSKIP("skipped: this user may not mount a file system");
        int before = 0, after = 0;
        std::string failure;
        Opening withBallast = opening();
        withBallast.ballast = true;
        {
            auto study = Study::create(disk + "/study", projectFile(), withBallast);
            std::vector<Sample> samples = makeSamples(20);
            if (study && study->insertSamples(samples) && fs::exists(disk + "/study/cache/ballast")) {
                fillUp(disk);
                Event big = labelEvent(samples[0].id, 0);
                big.text = std::string(200000, 'x');
                Result<Event> stored = study->append(big);
                for (; stored && before < 1000; ++before)
                    stored = study->append(big);
                failure = stored ? "none" : std::string(name(stored.error().code));
                const auto counted = study->counts();
                failure += !counted ? " unreadable" : counted->events == before ? "" : " miscounted";
                failure += fs::exists(disk + "/study/cache/ballast") ? " ballast" : "";
                fs::remove(disk + "/filler");
                after = study->append(labelEvent(samples[1].id, 1)) ? 1 : 0;
                const auto report = verify(*study);
                failure += report && report->ok() ? "" : " not verified";
            }
        }
        ::umount2(disk.c_str(), MNT_DETACH);
        QCOMPARE(failure, std::string("no-space"));
        QVERIFY2(before * 200000 > 10000000, "the ballast made no room");
        QCOMPARE(after, 1);
    }
};

QTEST_GUILESS_MAIN(TestStudy)
#include "tst_study.moc"
