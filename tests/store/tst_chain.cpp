// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "store/Chain.h"
#include "store/Verify.h"

#include <filesystem>
#include <sqlite3.h>

using namespace foveate;
using namespace foveate::store;

/// Somebody with the sqlite3 program: no guard but what is in the file. Triggers are dropped and put back.
class Forger {
public:
    explicit Forger(const std::string& project) { sqlite3_open((project + "/labels.sqlite").c_str(), &m_database); }
    ~Forger() { sqlite3_close(m_database); }
    Forger(const Forger&) = delete;
    Forger& operator=(const Forger&) = delete;

    int tryTo(const std::string& sql) { return sqlite3_exec(m_database, sql.c_str(), nullptr, nullptr, nullptr); }
    bool forge(const std::string& sql)
    {
        const std::string change = trigger("event_never_changed"), erase = trigger("event_never_deleted");
        return tryTo("DROP TRIGGER event_never_changed; DROP TRIGGER event_never_deleted;" + sql + ";" + change + ";" +
                     erase) == SQLITE_OK;
    }

private:
    std::string trigger(const std::string& triggerName)
    {
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(m_database, "SELECT sql FROM sqlite_schema WHERE name = ?1", -1, &statement, nullptr);
        sqlite3_bind_text(statement, 1, triggerName.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_step(statement);
        const std::string sql = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
        return sql;
    }
    sqlite3* m_database = nullptr;
};

class TestChain : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_number = 0;

    std::string path() const { return m_folder.filePath(QString::number(m_number)).toStdString(); }
    /// Ten events in one writer's chain.
    Status makeTemplate(const std::string& folder) const
    {
        FOVEATE_TRY(Study study, Study::create(folder, projectFile(), opening()));
        std::vector<Sample> samples = makeSamples(10);
        FOVEATE_CHECK(study.insertSamples(samples));
        for (int i = 0; i < 10; ++i)
            FOVEATE_CHECK(study.append(labelEvent(samples[std::size_t(i)].id, i % 3)).map([](const Event&) {}));
        return study.close();
    }
    /// A copy of the same study for every test.
    Status makeStudy()
    {
        const std::string original = m_folder.filePath("original").toStdString();
        if (!std::filesystem::exists(original))
            FOVEATE_CHECK(makeTemplate(original));
        ++m_number;
        std::filesystem::copy(original, path(), std::filesystem::copy_options::recursive);
        return {};
    }
    Status chainOfFile() const
    {
        FOVEATE_TRY(Connection connection, Connection::open(path() + "/labels.sqlite", Access::readWrite));
        return verifyChain(connection);
    }

private Q_SLOTS:
    void theHashIsTheOneWritten()
    {
        // Made with Python 3.11 hashlib over the same length-prefixed fields.
        Event event;
        event.uuid = "u";
        event.writer = "w";
        event.reader = "r";
        event.utc = "t";
        event.sample = "s";
        event.classIndex = 2;
        event.activeMs = 5;
        event.confidence = 0.5;
        event.version = "0.1.0";
        QCOMPARE(eventHash(event), std::string("9bf606d92424c3e0f76bee7c5637248ac3029c1ed1b92baa31b06bce46702c9b"));
    }

    void everyEditedFieldIsNamed_data()
    {
        QTest::addColumn<QString>("sql");
        const std::pair<const char*, const char*> edits[] = {
            {"uuid", "'x'"},       {"writer", "'x'"}, {"reader", "'eve'"},      {"utc", "'2001-01-01T00:00:00.000Z'"},
            {"kind", "'revise'"},  {"sample", "'x'"}, {"class", "(class+1)%3"}, {"target", "'x'"},
            {"active_ms", "1"},    {"idle_ms", "1"},  {"image_sha", "'x'"},     {"visible", "'{}'"},
            {"model", "'x'"},      {"batch", "9"},    {"confidence", "0.1"},    {"text", "'x'"},
            {"version", "'9.9'"},  {"prev", "'x'"},   {"hash", "'x'"},          {"class", "NULL"},
            {"kind", "'nonsense'"}};
        int n = 0;
        for (const auto& [column, value] : edits)
            QTest::newRow(qPrintable(QString("%1 %2").arg(column).arg(n++)))
                << QString("UPDATE event SET %1 = %2 WHERE seq = 4").arg(column, value);
    }
    void everyEditedFieldIsNamed()
    {
        QFETCH(QString, sql);
        OK(makeStudy());
        OK(chainOfFile());
        QVERIFY(Forger(path()).forge(sql.toStdString()));
        const Status found = chainOfFile();
        FAILS(found, Code::corrupt);
        QCOMPARE(found.error().arg(1), std::string("seq 4"));
    }

    void rowsDeletedReorderedOrInserted_data()
    {
        QTest::addColumn<QString>("sql");
        QTest::addColumn<QString>("row");
        QTest::newRow("deleted") << "DELETE FROM event WHERE seq = 6"
                                 << "seq 6";
        QTest::newRow("first deleted") << "DELETE FROM event WHERE seq = 1"
                                       << "seq 1";
        QTest::newRow("deleted, numbers closed up")
            << "DELETE FROM event WHERE seq = 6; UPDATE event SET seq = seq - 1 WHERE seq > 6"
            << "seq 6";
        QTest::newRow("reordered") << "UPDATE event SET seq = 99 WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = "
                                      "4; UPDATE event SET seq = 4 "
                                      "WHERE seq = 99"
                                   << "seq 3";
        QTest::newRow("inserted")
            << "INSERT INTO event SELECT 11, 'new', writer, reader, utc, kind, sample, class, target, active_ms, "
               "idle_ms, "
               "image_sha, visible, model, batch, confidence, text, version, hash, 'h' FROM event WHERE seq = 10"
            << "seq 11";
    }
    void rowsDeletedReorderedOrInserted()
    {
        QFETCH(QString, sql);
        QFETCH(QString, row);
        OK(makeStudy());
        QVERIFY(Forger(path()).forge(sql.toStdString()));
        const Status found = chainOfFile();
        FAILS(found, Code::corrupt);
        QCOMPARE(found.error().arg(1), row.toStdString());
    }

    void aShortenedHistoryIsRefusedUntilAccepted()
    {
        OK(makeStudy());
        QVERIFY(Forger(path()).forge("DELETE FROM event WHERE seq > 8"));
        OK(chainOfFile()); // the chain alone cannot see it: this is what the anchors are for
        const auto refused = Study::openOwner(path(), opening());
        FAILS(refused, Code::corrupt);
        QCOMPARE(refused.error().arg(2), std::string("shorter than it was"));
        OK(acceptShorterHistory(path()));
        auto study = Study::openOwner(path(), opening());
        OK(study);
        QVERIFY(!verify(*study)->ok()); // the projection still holds ten
        OK(rebuildProjection(*study));
        QVERIFY(verify(*study)->ok());
        QCOMPARE(study->counts()->labelled, std::int64_t(8));
    }

    void backupsAloneAnchorTheHistory()
    {
        OK(makeStudy());
        std::filesystem::remove(path() + "/heads");
        QVERIFY(Forger(path()).forge("DELETE FROM event WHERE seq > 8"));
        FAILS(Study::openOwner(path(), opening()), Code::corrupt);
    }

    void theLogCannotBeChangedOrDeleted()
    {
        OK(makeStudy());
        Forger forger(path());
        QCOMPARE(forger.tryTo("UPDATE event SET class = 0"), SQLITE_CONSTRAINT);
        QCOMPARE(forger.tryTo("DELETE FROM event"), SQLITE_CONSTRAINT);
        auto opened = Connection::open(path() + "/labels.sqlite", Access::readWrite);
        QVERIFY(!opened || !opened->execute("REPLACE INTO event SELECT * FROM event WHERE seq = 3"));
    }

    void aDroppedTriggerIsSeen()
    {
        OK(makeStudy());
        QCOMPARE(Forger(path()).tryTo("DROP TRIGGER event_never_changed"), SQLITE_OK);
        const auto refused = Study::openOwner(path(), opening());
        FAILS(refused, Code::corrupt);
        QCOMPARE(refused.error().arg(2), std::string("schema"));
    }

    void twoWritersHaveTheirOwnChains()
    {
        OK(makeStudy());
        auto second = Study::openOwner(path(), opening(2));
        OK(second);
        const auto stored = second->append(labelEvent(makeSample(0).id, 2, "bob"));
        OK(stored);
        QVERIFY(stored->prev.empty());
        QCOMPARE(second->eventHeads()->size(), std::size_t(2));
        OK(second->close());
        auto first = Study::openOwner(path(), opening(1));
        OK(first);
        OK(first->append(labelEvent(makeSample(1).id, 2)));
        QVERIFY(verify(*first)->ok());
    }
};

QTEST_GUILESS_MAIN(TestChain)
#include "tst_chain.moc"
