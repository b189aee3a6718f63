// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Migrations.h"

#include "base/Sha256.h"

namespace foveate::store {
namespace {

int newest(const Schema& schema)
{
    return schema.migrations.empty() ? 0 : schema.migrations.back().version;
}

/// A pragma takes no bound value; the text is made of a number alone.
Status setPragma(Connection& connection, std::string_view pragma, std::int64_t value)
{
    return connection.execute("PRAGMA " + std::string(pragma) + "=" + std::to_string(value));
}

Status applyFrom(Connection& connection, const Schema& schema, std::int64_t have)
{
    FOVEATE_TRY(Transaction transaction, Transaction::begin(connection));
    for (const Migration& migration : schema.migrations)
        if (migration.version > have)
            FOVEATE_CHECK(connection.execute(migration.sql));
    FOVEATE_CHECK(setPragma(connection, "application_id", schema.applicationId));
    FOVEATE_CHECK(setPragma(connection, "user_version", newest(schema)));
    return transaction.commit();
}

/// A foreign program's file is not ours to migrate: only an empty one may be without our mark.
Status checkOwnership(Connection& connection, const Schema& schema)
{
    FOVEATE_TRY(const std::int64_t id, connection.integer("PRAGMA application_id"));
    FOVEATE_TRY(const std::int64_t tables, connection.integer("SELECT count(*) FROM sqlite_schema"));
    if (id != schema.applicationId && (id != 0 || tables != 0))
        return fail(Code::corrupt, {connection.path(), "made by another program"});
    return {};
}

} // namespace

Status migrate(Connection& connection, const Schema& schema, const std::function<Status()>& beforeChange)
{
    FOVEATE_CHECK(checkOwnership(connection, schema));
    FOVEATE_TRY(const std::int64_t have, connection.integer("PRAGMA user_version"));
    if (have > newest(schema))
        return fail(Code::newerVersion, {connection.path(), std::to_string(have), std::to_string(newest(schema))});
    if (have == newest(schema))
        return {};
    if (have > 0 && beforeChange)
        FOVEATE_CHECK(beforeChange());
    return applyFrom(connection, schema, have);
}

Result<std::string> schemaHash(Connection& connection)
{
    FOVEATE_TRY(Statement statement,
                connection.prepare("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema "
                                   "ORDER BY type, name"));
    Sha256 sha;
    FOVEATE_CHECK(statement.each([&](const Statement& row) {
        for (int column = 0; column < 4; ++column)
            sha.addField(row.text(column));
    }));
    return hex(sha.digest());
}

Result<std::string> expectedSchemaHash(const Schema& schema)
{
    FOVEATE_TRY(Connection fresh, Connection::inMemory());
    FOVEATE_CHECK(migrate(fresh, schema));
    return schemaHash(fresh);
}

} // namespace foveate::store
