// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "store/Migrations.h"

#include <filesystem>
#include <fstream>
#include <sqlite3.h>
#include <unistd.h>

using namespace foveate;
using namespace foveate::store;

namespace {

constexpr Migration kOne[] = {{1, "CREATE TABLE a (x TEXT)"}};
constexpr Migration kThree[] = {{1, "CREATE TABLE a (x TEXT)"},
                                {2, "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = length(x)"},
                                {3, "CREATE TABLE b (z INTEGER)"}};
constexpr Migration kBroken[] = {{1, "CREATE TABLE a (x TEXT)"},
                                 {2, "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO nowhere VALUES (1)"}};
constexpr std::int64_t kId = 4711;

} // namespace

class TestDatabase : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_number = 0;
    std::string fresh() { return m_folder.filePath(QString("%1.sqlite").arg(++m_number)).toStdString(); }

private Q_SLOTS:
    void guardsAreOn()
    {
        const std::string path = fresh();
        auto connection = Connection::open(path, Access::create);
        OK(connection);
        OK(connection->execute("CREATE TABLE t (x)"));
        const auto text = [&](const char* pragma) {
            auto statement = connection->prepare(pragma);
            return statement && statement->step().value_or(false) ? statement->text(0) : std::string();
        };
        QCOMPARE(text("PRAGMA journal_mode"), std::string("wal"));
        QCOMPARE(text("PRAGMA locking_mode"), std::string("exclusive"));
        QCOMPARE(text("PRAGMA synchronous"), std::string("2"));
        QCOMPARE(text("PRAGMA foreign_keys"), std::string("1"));
        QCOMPARE(text("PRAGMA recursive_triggers"), std::string("1"));
        QCOMPARE(text("PRAGMA secure_delete"), std::string("1"));
        QCOMPARE(text("PRAGMA mmap_size"), std::string("0"));
        QCOMPARE(text("PRAGMA trusted_schema"), std::string("0"));
        QVERIFY(!std::filesystem::exists(path + "-shm"));
        int defensive = 0;
        sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
        QCOMPARE(defensive, 1);
        FAILS(connection->execute("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = ''"), Code::internal);
    }

    /// What a COMMIT writes over is the log's already: no sync of it waits for the file system's journal.
    void theLogHasItsSpaceBeforehand()
    {
        const std::string path = fresh();
        const std::string log = path + "-wal";
        {
            auto made = Connection::open(path, Access::create);
            OK(made);
            OK(made->execute("CREATE TABLE t (x)"));
        }
        auto connection = Connection::open(path, Access::readWrite);
        OK(connection);
        const auto size = std::filesystem::file_size(log);
        QVERIFY(size >= 1000 * 4096);
        for (int i = 0; i < 300; ++i)
            OK(connection->execute("INSERT INTO t VALUES (randomblob(900))"));
        OK(connection->execute("PRAGMA wal_checkpoint(PASSIVE)"));
        for (int i = 0; i < 300; ++i)
            OK(connection->execute("INSERT INTO t VALUES (randomblob(900))"));
        QCOMPARE(std::filesystem::file_size(log), size);
        // A log left by an end without goodbye, with the zeros behind its entries, is read as it should be.
        const std::string left = fresh();
        std::filesystem::copy_file(path, left);
        std::filesystem::copy_file(log, left + "-wal");
        auto again = Connection::open(left, Access::readWrite);
        OK(again);
        QCOMPARE(again->integer("SELECT count(*) FROM t").value_or(0), std::int64_t(600));
        OK(connection->close());
        QVERIFY(!std::filesystem::exists(log));
    }

    void valuesAreBoundAsTheyAre()
    {
        auto connection = Connection::open(fresh(), Access::create);
        OK(connection);
        OK(connection->execute("CREATE TABLE t (a, b, c)"));
        const std::string nasty("'); DROP TABLE t; --\0 after", 27), bytes("\xff\x00\xfe/x", 5);
        auto insert = connection->prepare("INSERT INTO t VALUES (?1, ?2, ?3)");
        OK(insert);
        OK(insert->bind(1, nasty).bindBytes(2, bytes).bind(3, std::optional<int>()).run());
        auto select = connection->prepare("SELECT a, b, c FROM t");
        OK(select);
        QVERIFY(select->step().value_or(false));
        QCOMPARE(select->text(0), nasty);
        QCOMPARE(select->bytes(1), bytes);
        QVERIFY(select->isNull(2));
        QVERIFY(insert->bind(9, 1).run().error().code == Code::internal); // there is no ninth
    }

    void whatFailsHasACode()
    {
        FAILS(Connection::open("/nonexistent/x.sqlite", Access::readWrite), Code::notFound);
        const std::string garbage = fresh();
        std::ofstream(garbage) << std::string(5000, 'x');
        FAILS(Connection::open(garbage, Access::readWrite), Code::corrupt);
        const std::string real = fresh(), link = fresh();
        {
            OK(Connection::open(real, Access::create));
        }
        QCOMPARE(::symlink(real.c_str(), link.c_str()), 0);
        QVERIFY(!Connection::open(link, Access::readWrite));
        auto first = Connection::open(real, Access::readWrite);
        OK(first);
        OK(first->execute("CREATE TABLE t (x)"));
        FAILS(Connection::open(real, Access::readWrite), Code::locked);
    }

    void anUncommittedTransactionIsRolledBack()
    {
        auto connection = Connection::open(fresh(), Access::create);
        OK(connection);
        OK(connection->execute("CREATE TABLE t (x)"));
        {
            auto transaction = Transaction::begin(*connection);
            OK(transaction);
            OK(connection->execute("INSERT INTO t VALUES (1)"));
        }
        QCOMPARE(*connection->integer("SELECT count(*) FROM t"), std::int64_t(0));
    }

    void aStatementOutlivesItsConnection()
    {
        std::vector<Statement> left;
        {
            auto connection = Connection::inMemory();
            OK(connection);
            auto statement = connection->prepare("SELECT 1");
            OK(statement);
            left.push_back(std::move(*statement));
        }
        left.clear();
    }

    void migrationsFreshTwiceAndFromOld()
    {
        const std::string path = fresh();
        int backups = 0;
        const auto count = [&]() -> Status {
            ++backups;
            return {};
        };
        auto connection = Connection::open(path, Access::create);
        OK(connection);
        OK(migrate(*connection, {kId, kOne}, count));
        OK(migrate(*connection, {kId, kOne}, count));
        QCOMPARE(backups, 0); // nothing was there to be saved
        OK(connection->execute("INSERT INTO a VALUES ('four')"));
        OK(migrate(*connection, {kId, kThree}, count));
        QCOMPARE(backups, 1);
        QCOMPARE(*connection->integer("SELECT y FROM a"), std::int64_t(4));
        QCOMPARE(*schemaHash(*connection), *expectedSchemaHash({kId, kThree}));
        FAILS(migrate(*connection, {kId, kOne}), Code::newerVersion);
        FAILS(migrate(*connection, {kId + 1, kThree}), Code::corrupt);
    }

    void aFailingMigrationLeavesTheOldFile()
    {
        auto connection = Connection::open(fresh(), Access::create);
        OK(connection);
        OK(migrate(*connection, {kId, kOne}));
        OK(connection->execute("INSERT INTO a VALUES ('kept')"));
        QVERIFY(!migrate(*connection, {kId, kBroken}));
        QCOMPARE(*connection->integer("PRAGMA user_version"), std::int64_t(1));
        QCOMPARE(*connection->integer("SELECT count(*) FROM pragma_table_info('a')"), std::int64_t(1));
        const auto noDisk = []() -> Status { return fail(Code::noSpace, {"backup"}); };
        FAILS(migrate(*connection, {kId, kThree}, noDisk), Code::noSpace);
        QCOMPARE(*connection->integer("PRAGMA user_version"), std::int64_t(1));
        OK(migrate(*connection, {kId, kThree}));
    }

    void aForeignDatabaseIsLeftAlone()
    {
        auto connection = Connection::open(fresh(), Access::create);
        OK(connection);
        OK(connection->execute("CREATE TABLE somebody_elses (x)"));
        FAILS(migrate(*connection, labelsSchema()), Code::corrupt);
    }

    void theShippedSchemasAreNumberedWithoutGaps()
    {
        for (const Schema* schema : {&labelsSchema(), &indexSchema()}) {
            QVERIFY(!schema->migrations.empty());
            for (std::size_t i = 0; i < schema->migrations.size(); ++i)
                QCOMPARE(schema->migrations[i].version, int(i) + 1);
        }
    }
};

QTEST_GUILESS_MAIN(TestDatabase)
#include "tst_database.moc"
