// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/IndexStore.h"

#include "base/Log.h"
#include "store/Migrations.h"

#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace foveate::store {
namespace {

Result<Connection> openMigrated(const std::string& path)
{
    // Losing the last booking costs one look at a run folder, not a label.
    FOVEATE_TRY(Connection connection, Connection::open(path, Access::create, Durability::normal));
    FOVEATE_CHECK(migrate(connection, indexSchema()));
    FOVEATE_TRY(const std::string found, schemaHash(connection));
    FOVEATE_TRY(const std::string expected, expectedSchemaHash(indexSchema()));
    if (found != expected)
        return fail(Code::corrupt, {path, "schema"});
    return connection;
}

Status insertMetrics(Connection& connection, const std::string& run, const std::vector<MetricRow>& metrics)
{
    FOVEATE_TRY(Statement insert,
                connection.prepare("INSERT INTO metric (run, number, split, name, value, low, high, labels) "
                                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    std::int64_t number = 0;
    for (const MetricRow& metric : metrics) {
        if (!std::isfinite(metric.value))
            return fail(Code::nonFinite, {metric.name});
        insert.bind(1, run).bind(2, number++).bind(3, metric.split).bind(4, metric.name).bind(5, metric.value);
        FOVEATE_CHECK(insert.bind(6, metric.low).bind(7, metric.high).bind(8, metric.labels).run());
    }
    return {};
}

Status insertScores(Connection& connection, const std::string& run, const std::vector<ScoreRow>& scores)
{
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO score (run, sample, score, predicted, probability) "
                                                     "VALUES (?1, ?2, ?3, ?4, ?5)"));
    for (const ScoreRow& score : scores) {
        if (!std::isfinite(score.score) || !std::isfinite(score.probability))
            return fail(Code::nonFinite, {"score", score.sample});
        insert.bind(1, run).bind(2, score.sample).bind(3, score.score).bind(4, score.predicted);
        FOVEATE_CHECK(insert.bind(5, score.probability).run());
    }
    return {};
}

} // namespace

Result<IndexStore> IndexStore::open(const std::string& path)
{
    auto connection = openMigrated(path);
    if (!connection && (connection.error().code == Code::corrupt || connection.error().code == Code::newerVersion)) {
        log::warning("index.sqlite is put aside: " + describe(connection.error()));
        ::unlink((path + "-wal").c_str());
        if (std::rename(path.c_str(), (path + ".damaged").c_str()) != 0)
            return tl::unexpected(connection.error());
        connection = openMigrated(path);
    }
    if (!connection)
        return tl::unexpected(connection.error());
    return IndexStore(std::move(*connection));
}

Result<IndexStore> IndexStore::inMemory()
{
    FOVEATE_TRY(Connection connection, Connection::inMemory());
    FOVEATE_CHECK(migrate(connection, indexSchema()));
    return IndexStore(std::move(connection));
}

Status IndexStore::book(const RunRow& run, const std::vector<MetricRow>& metrics, const std::vector<ScoreRow>& scores)
{
    FOVEATE_TRY(Transaction transaction, Transaction::begin(m_connection));
    FOVEATE_TRY(Statement erase, m_connection.prepare("DELETE FROM run WHERE run = ?1"));
    FOVEATE_CHECK(erase.bind(1, run.run).run());
    FOVEATE_TRY(Statement insert, m_connection.prepare("INSERT INTO run (run, job, finished, labels, parent, detail) "
                                                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    insert.bind(1, run.run).bind(2, run.job).bind(3, run.finished).bind(4, run.labels).bind(5, run.parent);
    FOVEATE_CHECK(insert.bind(6, run.detail).run());
    FOVEATE_CHECK(insertMetrics(m_connection, run.run, metrics));
    FOVEATE_CHECK(insertScores(m_connection, run.run, scores));
    return transaction.commit();
}

Result<bool> IndexStore::isBooked(const std::string& run)
{
    FOVEATE_TRY(Statement select, m_connection.prepare("SELECT 1 FROM run WHERE run = ?1"));
    return select.bind(1, run).step();
}

Result<std::vector<RunRow>> IndexStore::runs()
{
    std::vector<RunRow> rows;
    FOVEATE_TRY(Statement select,
                m_connection.prepare("SELECT run, job, finished, labels, parent, detail FROM run ORDER BY run"));
    FOVEATE_CHECK(select.each([&](const Statement& row) {
        rows.push_back({row.text(0), row.text(1), row.text(2), row.integer(3), row.text(4), row.text(5)});
    }));
    return rows;
}

Result<std::vector<MetricRow>> IndexStore::metrics(const std::string& run)
{
    std::vector<MetricRow> rows;
    FOVEATE_TRY(Statement select, m_connection.prepare("SELECT split, name, value, low, high, labels FROM metric "
                                                       "WHERE run = ?1 ORDER BY number"));
    FOVEATE_CHECK(select.bind(1, run).each([&](const Statement& row) {
        rows.push_back(
            {row.text(0), row.text(1), row.real(2), row.optionalReal(3), row.optionalReal(4), row.integer(5)});
    }));
    return rows;
}

Result<std::vector<ScoreRow>> IndexStore::scores(const std::string& run)
{
    std::vector<ScoreRow> rows;
    FOVEATE_TRY(Statement select, m_connection.prepare("SELECT sample, score, predicted, probability FROM score "
                                                       "WHERE run = ?1 ORDER BY score DESC, sample"));
    FOVEATE_CHECK(select.bind(1, run).each([&](const Statement& row) {
        rows.push_back({row.text(0), row.real(1), int(row.integer(2)), row.real(3)});
    }));
    return rows;
}

Status IndexStore::clear()
{
    return m_connection.execute("DELETE FROM run");
}

} // namespace foveate::store
