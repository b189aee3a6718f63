// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "store/Backup.h"
#include "store/Verify.h"

#include <filesystem>
#include <fstream>

using namespace foveate;
using namespace foveate::store;
namespace fs = std::filesystem;

class TestBackup : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_number = 0;
    std::string m_path;

    Result<Study> fresh(int labels)
    {
        m_path = m_folder.filePath(QString::number(++m_number)).toStdString();
        FOVEATE_TRY(Study study, Study::create(m_path, projectFile(), opening()));
        std::vector<Sample> samples = makeSamples(5);
        FOVEATE_CHECK(study.insertSamples(samples));
        for (int i = 0; i < labels; ++i)
            FOVEATE_CHECK(study.append(labelEvent(samples[std::size_t(i) % 5].id, i % 3)).map([](const Event&) {}));
        return study;
    }
    /// Overwrites the middle of a file with noise.
    static void damage(const std::string& path)
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(std::streamoff(fs::file_size(path) / 2));
        file << std::string(6000, '\x5a');
    }

private Q_SLOTS:
    void madeAtCloseAndWhenDue()
    {
        auto study = fresh(0);
        OK(study);
        QCOMPARE(listBackups(m_path + "/backup").size(), std::size_t(1)); // of the new project
        OK(study->maintain());
        QCOMPARE(listBackups(m_path + "/backup").size(), std::size_t(1)); // not due
        std::vector<Sample> many;
        for (int i = 100; i < 320; ++i)
            many.push_back(makeSample(i));
        OK(study->insertSamples(many));
        OK(study->maintain());
        QCOMPARE(listBackups(m_path + "/backup").size(), std::size_t(2));
        OK(study->append(labelEvent(many[0].id, 0)));
        OK(study->close());
        QCOMPARE(listBackups(m_path + "/backup").size(), std::size_t(3));
        {
            OK(Study::openOwner(m_path, opening()));
        }
        QCOMPARE(listBackups(m_path + "/backup").size(), std::size_t(3)); // nothing changed
        QVERIFY(listBackups(m_path + "/backup")[0].time.ends_with("Z"));
    }

    void onlyAFewAreKept()
    {
        auto study = fresh(1);
        OK(study);
        for (const char* day :
             {"20260101", "20260102", "20260103", "20260104", "20260105", "20260106", "20260107", "20260108"})
            for (const char* hour : {"01", "02"})
                std::ofstream(m_path + "/backup/labels-" + day + "T" + hour + "0000.000Z-empty.sqlite") << "";
        OK(study->close());
        const auto kept = listBackups(m_path + "/backup");
        // Five newest and the last of each of seven days, today's among both.
        QCOMPARE(kept.size(), std::size_t(9));
        QCOMPARE(kept[1].time < kept[0].time, true);
        QCOMPARE(kept.back().time, std::string("2026-01-03T02:00:00.000Z"));
        for (const auto& entry : fs::directory_iterator(m_path + "/backup"))
            QVERIFY(entry.path().string().find(".partial") == std::string::npos);
    }

    void aDamagedFileIsRefusedAndTheBackupRestored()
    {
        auto study = fresh(400);
        OK(study);
        OK(study->close());
        damage(m_path + "/labels.sqlite");
        FAILS(Study::openOwner(m_path, opening()), Code::corrupt);
        const auto time = restoreBackup(m_path);
        OK(time);
        auto restored = Study::openOwner(m_path, opening());
        OK(restored);
        QCOMPARE(restored->counts()->events, std::int64_t(400));
        QVERIFY(verify(*restored)->ok());
        bool kept = false;
        for (const auto& entry : fs::directory_iterator(m_path))
            kept |= entry.path().filename().string().starts_with("labels.damaged-");
        QVERIFY(kept);
        FAILS(restoreBackup(m_path), Code::locked);
    }

    void anUnsoundBackupIsPassedOver()
    {
        auto study = fresh(300);
        OK(study);
        OK(study->close());
        const auto backups = listBackups(m_path + "/backup");
        QCOMPARE(backups.size(), std::size_t(2));
        damage(backups[0].path);
        damage(m_path + "/labels.sqlite");
        OK(restoreBackup(m_path));
        auto restored = Study::openOwner(m_path, opening());
        OK(restored); // the empty project: what the older backup had
        QCOMPARE(restored->counts()->events, std::int64_t(0));
    }

    void aLostLogIsNoticed()
    {
        auto study = fresh(3);
        OK(study);
        // The state after kill -9, with the write-ahead log deleted by a tidy person.
        const std::string copy = m_path + "-copy";
        fs::copy(m_path, copy, fs::copy_options::recursive);
        QVERIFY(fs::exists(copy + "/labels.sqlite-wal"));
        fs::copy(copy, copy + "2", fs::copy_options::recursive);
        auto whole = Study::openOwner(copy, opening());
        OK(whole);
        QCOMPARE(whole->counts()->events, std::int64_t(3));
        fs::remove(copy + "2/labels.sqlite-wal");
        FAILS(Study::openOwner(copy + "2", opening()), Code::corrupt);
    }
};

QTEST_GUILESS_MAIN(TestBackup)
#include "tst_backup.moc"
