// SPDX-License-Identifier: GPL-3.0-or-later
// A thin RAII layer over SQLite's C API: Connection, Statement, Transaction, and its errors as codes.
//
// Every connection has extended result codes, defensive mode, no symbolic links, EXCLUSIVE locking (set before WAL,
// so there is no shared-memory file and never a second writer), WAL, synchronous=FULL, foreign keys, recursive
// triggers, secure delete and no memory mapping (faults.md §4). Values are always bound, never pasted into SQL.
// Failure codes: noSpace, readOnly, locked, corrupt, newerVersion, unknownCommit (COMMIT itself failed: the rows may
// be there or not), notFound, io. Thread: one connection belongs to one thread at a time.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace foveate::store {

/// How hard COMMIT pushes to the disk. Anything but `full` loses labels when power fails; it exists so that tests can
/// show that the power-loss harness sees the difference.
enum class Durability { full, normal, off };

enum class Access {
    readWrite, ///< the file must be there
    create,    ///< made when missing
    frozen     ///< read only, and nobody may write to the file meanwhile (a backup): no lock, no -wal, no -shm
};

class StatementCache;

class Statement {
public:
    /// Positions count from 1. A bind that fails shows at the next step().
    Statement& bind(int position, std::int64_t value);
    Statement& bind(int position, int value) { return bind(position, std::int64_t(value)); }
    Statement& bind(int position, double value);
    Statement& bind(int position, std::string_view text);
    Statement& bind(int position, const char* text) { return bind(position, std::string_view(text)); }
    Statement& bind(int position, std::optional<int> value);
    Statement& bind(int position, std::optional<double> value);
    Statement& bindBytes(int position, std::string_view bytes);
    Statement& bindNull(int position);

    /// true: a row is there; false: done.
    Result<bool> step();
    /// step() until done, rows ignored; then ready to be bound again.
    Status run();
    /// Calls row(*this) for each row, then is ready to be bound again.
    template <typename Row> Status each(Row&& row)
    {
        for (;;) {
            FOVEATE_TRY(const bool there, step());
            if (!there)
                break;
            row(*this);
        }
        reset();
        return {};
    }
    /// Ready for the next set of values; bindings stay.
    void reset();

    /// Columns count from 0.
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;
    std::string bytes(int column) const;
    bool isNull(int column) const;
    std::optional<int> optionalInteger(int column) const;
    std::optional<double> optionalReal(int column) const;

private:
    friend class Connection;
    /// Hands the compiled statement back to its connection, or finalizes it when that is gone.
    struct Return {
        std::weak_ptr<StatementCache> cache;
        void operator()(sqlite3_stmt* statement) const;
    };
    using Handle = std::unique_ptr<sqlite3_stmt, Return>;
    Statement(Handle statement, std::string path) : m_statement(std::move(statement)), m_path(std::move(path)) {}
    void note(int result);
    Handle m_statement;
    std::string m_path;
    int m_bindResult = 0;
};

class Connection {
public:
    /// notFound, readOnly, locked (another process holds it; args empty), corrupt, io.
    static Result<Connection> open(const std::string& path, Access access, Durability durability = Durability::full);
    /// A private database in memory; used to know what a schema should look like.
    static Result<Connection> inMemory();

    Result<Statement> prepare(std::string_view sql);
    /// Runs SQL without values: schema files and pragmas that the program itself ships.
    Status execute(std::string_view sql);
    Result<std::int64_t> integer(std::string_view sql);
    std::int64_t lastRowId() const;
    bool inTransaction() const;
    const std::string& path() const { return m_path; }
    sqlite3* handle() const { return m_database.get(); }
    /// Closes now and says what the disk said; afterwards only destruction and assignment are allowed.
    Status close();

private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    Connection(sqlite3* database, std::string path);
    static Result<Connection> openWith(const std::string& name, const std::string& path, int flags);
    Status configure(Access access, Durability durability);
    Status useWriteAheadLog(Durability durability);
    std::unique_ptr<sqlite3, Close> m_database;
    std::shared_ptr<StatementCache> m_cache; // emptied before the database is closed
    std::string m_path;
};

/// BEGIN IMMEDIATE … COMMIT; rolled back when it leaves scope uncommitted.
class Transaction {
public:
    static Result<Transaction> begin(Connection& connection);
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    /// unknownCommit when COMMIT failed after it may have reached the disk; noSpace when the disk was full.
    /// Either way the caller closes, opens again and looks its rows up.
    Status commit();

private:
    explicit Transaction(Connection& connection) : m_connection(&connection) {}
    Connection* m_connection;
};

/// The code for an (extended) SQLite result.
Error sqliteError(int result, const std::string& path, const std::string& detail);

} // namespace foveate::store
