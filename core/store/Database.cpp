// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Database.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <map>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

namespace foveate::store {

/// Compiled statements that nobody uses at the moment, by their text.
class StatementCache {
public:
    ~StatementCache()
    {
        for (auto& [sql, statements] : m_idle)
            for (sqlite3_stmt* statement : statements)
                sqlite3_finalize(statement);
    }
    sqlite3_stmt* take(std::string_view sql)
    {
        const auto found = m_idle.find(sql);
        if (found == m_idle.end() || found->second.empty())
            return nullptr;
        sqlite3_stmt* statement = found->second.back();
        found->second.pop_back();
        return statement;
    }
    void put(sqlite3_stmt* statement)
    {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        m_idle[sqlite3_sql(statement)].push_back(statement);
    }

private:
    std::map<std::string, std::vector<sqlite3_stmt*>, std::less<>> m_idle;
};

namespace {

constexpr off_t kLogPages = 1000; // SQLite copies them into the file at so many, see wal_autocheckpoint

Error constraintError(const std::string& path, const std::string& detail)
{
    if (detail == "patient-split")
        return {Code::patientSplit, {"", "", ""}};
    return {Code::usage, {path, detail}};
}

Error cannotOpen(const std::string& path, const std::string& detail)
{
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
        return {Code::notFound, {"file", path}};
    if (::access(path.c_str(), R_OK | W_OK) != 0)
        return errnoError(errno, path);
    return {Code::io, {path, detail}};
}

/// `file:` URI that says nobody changes the file while it is open; any byte may stand in a path.
std::string frozenUri(const std::string& path)
{
    std::string uri = "file:";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                           c == '.' || c == '-' || c == '_';
        char escaped[4];
        std::snprintf(escaped, sizeof escaped, "%%%02x", unsigned(static_cast<unsigned char>(c)));
        uri += plain ? std::string(1, c) : std::string(escaped);
    }
    return uri + "?immutable=1";
}

/// Gives the log its full size in zeros, which SQLite takes for no entry. A COMMIT then writes over blocks that are the
/// file's already, and its sync waits for them alone: not for the file system's journal, which the engine's
/// checkpoints keep busy. Without room it grows as it always did.
void reserveLog(const std::string& path)
{
    constexpr off_t kSize = kLogPages * (4096 + 24) + 32;
    const int fd = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    struct stat file {};
    struct statvfs disk {};
    if (::fstat(fd, &file) == 0 && ::fstatvfs(fd, &disk) == 0 && file.st_size < kSize &&
        disk.f_bavail * disk.f_frsize > std::uint64_t(kSize) * 8) {
        const std::string zeros(std::size_t(kSize - file.st_size), '\0');
        if (::pwrite(fd, zeros.data(), zeros.size(), file.st_size) != ssize_t(zeros.size()))
            static_cast<void>(::ftruncate(fd, file.st_size));
        ::fsync(fd);
    }
    ::close(fd);
}

std::string_view durabilityPragma(Durability durability)
{
    switch (durability) {
    case Durability::full: break;
    case Durability::normal: return "PRAGMA synchronous=NORMAL";
    case Durability::off: return "PRAGMA synchronous=OFF";
    }
    return "PRAGMA synchronous=FULL";
}

} // namespace

Error sqliteError(int result, const std::string& path, const std::string& detail)
{
    switch (result & 0xff) {
    case SQLITE_FULL: return {Code::noSpace, {path}};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return {Code::readOnly, {path}};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {Code::locked, {"", "", ""}};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return {Code::corrupt, {path, detail}};
    case SQLITE_CANTOPEN: return cannotOpen(path, detail);
    case SQLITE_CONSTRAINT: return constraintError(path, detail);
    case SQLITE_TOOBIG: return {Code::tooLarge, {path, detail}};
    case SQLITE_INTERRUPT: return {Code::cancelled, {}};
    case SQLITE_IOERR: return {Code::io, {path, detail}};
    default: return {Code::internal, {path, detail}};
    }
}

// --- Statement ----------------------------------------------------------------------------------

void Statement::Return::operator()(sqlite3_stmt* statement) const
{
    if (const auto alive = cache.lock())
        alive->put(statement);
    else
        sqlite3_finalize(statement);
}

void Statement::note(int result)
{
    if (m_bindResult == SQLITE_OK)
        m_bindResult = result;
}

Statement& Statement::bind(int position, std::int64_t value)
{
    note(sqlite3_bind_int64(m_statement.get(), position, value));
    return *this;
}

Statement& Statement::bind(int position, double value)
{
    note(sqlite3_bind_double(m_statement.get(), position, value));
    return *this;
}

Statement& Statement::bind(int position, std::string_view text)
{
    note(sqlite3_bind_text64(m_statement.get(), position, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT,
                             SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind(int position, std::optional<int> value)
{
    return value ? bind(position, std::int64_t(*value)) : bindNull(position);
}

Statement& Statement::bind(int position, std::optional<double> value)
{
    return value ? bind(position, *value) : bindNull(position);
}

Statement& Statement::bindBytes(int position, std::string_view bytes)
{
    note(sqlite3_bind_blob64(m_statement.get(), position, bytes.data() ? bytes.data() : "", bytes.size(),
                             SQLITE_TRANSIENT));
    return *this;
}

Statement& Statement::bindNull(int position)
{
    note(sqlite3_bind_null(m_statement.get(), position));
    return *this;
}

Result<bool> Statement::step()
{
    sqlite3* database = sqlite3_db_handle(m_statement.get());
    if (m_bindResult != SQLITE_OK)
        return tl::unexpected(sqliteError(m_bindResult, m_path, "bind"));
    const int result = sqlite3_step(m_statement.get());
    if (result == SQLITE_ROW)
        return true;
    if (result == SQLITE_DONE)
        return false;
    Error error = sqliteError(sqlite3_extended_errcode(database), m_path, sqlite3_errmsg(database));
    sqlite3_reset(m_statement.get());
    return tl::unexpected(std::move(error));
}

Status Statement::run()
{
    return each([](const Statement&) {});
}

void Statement::reset()
{
    sqlite3_reset(m_statement.get());
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(m_statement.get(), column);
}

double Statement::real(int column) const
{
    return sqlite3_column_double(m_statement.get(), column);
}

std::string Statement::text(int column) const
{
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(m_statement.get(), column));
    return data ? std::string(data, std::size_t(sqlite3_column_bytes(m_statement.get(), column))) : std::string();
}

std::string Statement::bytes(int column) const
{
    const auto* data = static_cast<const char*>(sqlite3_column_blob(m_statement.get(), column));
    return data ? std::string(data, std::size_t(sqlite3_column_bytes(m_statement.get(), column))) : std::string();
}

bool Statement::isNull(int column) const
{
    return sqlite3_column_type(m_statement.get(), column) == SQLITE_NULL;
}

std::optional<int> Statement::optionalInteger(int column) const
{
    return isNull(column) ? std::nullopt : std::optional<int>(int(integer(column)));
}

std::optional<double> Statement::optionalReal(int column) const
{
    return isNull(column) ? std::nullopt : std::optional<double>(real(column));
}

// --- Connection ---------------------------------------------------------------------------------

void Connection::Close::operator()(sqlite3* database) const
{
    sqlite3_close_v2(database);
}

Connection::Connection(sqlite3* database, std::string path)
    : m_database(database), m_cache(std::make_shared<StatementCache>()), m_path(std::move(path))
{}

Result<Connection> Connection::openWith(const std::string& name, const std::string& path, int flags)
{
    sqlite3* database = nullptr;
    const int result =
        sqlite3_open_v2(name.c_str(), &database, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, nullptr);
    Connection connection(database, path);
    if (result != SQLITE_OK)
        return tl::unexpected(sqliteError(result, path, database ? sqlite3_errmsg(database) : "open"));
    sqlite3_extended_result_codes(database, 1);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    return connection;
}

Result<Connection> Connection::open(const std::string& path, Access access, Durability durability)
{
    const bool frozen = access == Access::frozen;
    const int flags = frozen ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                             : SQLITE_OPEN_READWRITE | (access == Access::create ? SQLITE_OPEN_CREATE : 0);
    FOVEATE_TRY(Connection connection, openWith(frozen ? frozenUri(path) : path, path, flags));
    FOVEATE_CHECK(connection.configure(access, durability));
    return connection;
}

Result<Connection> Connection::inMemory()
{
    FOVEATE_TRY(Connection connection, openWith(":memory:", ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    FOVEATE_CHECK(connection.execute("PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON"));
    return connection;
}

Status Connection::configure(Access access, Durability durability)
{
    FOVEATE_CHECK(execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
                          "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA temp_store=MEMORY"));
    if (access == Access::frozen)
        return execute("PRAGMA query_only=ON; SELECT count(*) FROM sqlite_schema");
    FOVEATE_CHECK(execute("PRAGMA secure_delete=ON; PRAGMA fullfsync=ON"));
    if (sqlite3_db_readonly(m_database.get(), "main") == 1)
        return fail(Code::readOnly, {m_path});
    return useWriteAheadLog(durability);
}

Status Connection::useWriteAheadLog(Durability durability)
{
    FOVEATE_TRY(Statement statement, prepare("PRAGMA journal_mode=WAL"));
    FOVEATE_TRY(const bool row, statement.step());
    const bool logged = row && statement.text(0) == "wal";
    statement.reset();
    if (logged) {
        FOVEATE_CHECK(execute("PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=67108864"));
        if (durability == Durability::full)
            reserveLog(m_path + "-wal");
    }
    // A file system without what the log needs: a rollback journal, whose deletion must be synced too.
    if (!logged && durability == Durability::full)
        return execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA");
    return execute(durabilityPragma(durability));
}

Result<Statement> Connection::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = m_cache->take(sql);
    if (!statement) {
        const int result = sqlite3_prepare_v3(m_database.get(), sql.data(), int(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                              &statement, nullptr);
        if (result != SQLITE_OK)
            return tl::unexpected(sqliteError(result, m_path, sqlite3_errmsg(m_database.get())));
    }
    return Statement(Statement::Handle(statement, Statement::Return{m_cache}), m_path);
}

Status Connection::execute(std::string_view sql)
{
    const int result = sqlite3_exec(m_database.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK)
        return tl::unexpected(
            sqliteError(sqlite3_extended_errcode(m_database.get()), m_path, sqlite3_errmsg(m_database.get())));
    return {};
}

Result<std::int64_t> Connection::integer(std::string_view sql)
{
    FOVEATE_TRY(Statement statement, prepare(sql));
    FOVEATE_TRY(const bool row, statement.step());
    return row ? statement.integer(0) : 0;
}

std::int64_t Connection::lastRowId() const
{
    return sqlite3_last_insert_rowid(m_database.get());
}

bool Connection::inTransaction() const
{
    return sqlite3_get_autocommit(m_database.get()) == 0;
}

Status Connection::close()
{
    m_cache.reset();
    sqlite3* database = m_database.release();
    const int result = sqlite3_close_v2(database);
    if (result != SQLITE_OK)
        return tl::unexpected(sqliteError(result, m_path, "close"));
    return {};
}

// --- Transaction --------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Connection& connection)
{
    FOVEATE_CHECK(connection.execute("BEGIN IMMEDIATE"));
    return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept : m_connection(std::exchange(other.m_connection, nullptr))
{}

Transaction::~Transaction()
{
    // Some errors roll back by themselves.
    if (m_connection && m_connection->inTransaction())
        static_cast<void>(m_connection->execute("ROLLBACK"));
}

Status Transaction::commit()
{
    Status done = m_connection->execute("COMMIT");
    if (done) {
        m_connection = nullptr;
        return {};
    }
    if (done.error().code == Code::io)
        return fail(Code::unknownCommit, {m_connection->path()});
    return done;
}

} // namespace foveate::store
