// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Random.h"
#include "base/Text.h"
#include "store/StudyParts.h"

#include <algorithm>
#include <cmath>

namespace foveate::store {
namespace {

Status insertItems(Connection& connection, const Batch& batch)
{
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO batch_item (batch, rank, sample, score, reason) "
                                                     "VALUES (?1, ?2, ?3, ?4, ?5)"));
    for (const BatchItem& item : batch.items) {
        if (!std::isfinite(item.score))
            return fail(Code::nonFinite, {"score", item.sample});
        insert.bind(1, batch.id).bind(2, item.rank).bind(3, item.sample).bind(4, item.score).bind(5, item.reason);
        FOVEATE_CHECK(insert.run());
    }
    return {};
}

Status enqueueItems(Connection& connection, const Batch& batch)
{
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO queue (sample, batch, rank) VALUES (?1, ?2, ?3) "
                                                     "ON CONFLICT (sample) DO UPDATE SET batch = ?2, rank = ?3"));
    for (const BatchItem& item : batch.items)
        FOVEATE_CHECK(insert.bind(1, item.sample).bind(2, batch.id).bind(3, item.rank).run());
    return {};
}

Status insertBatch(Connection& connection, Batch& batch)
{
    FOVEATE_TRY(batch.id, connection.integer("SELECT coalesce(max(id), 0) + 1 FROM batch"));
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO batch (id, strategy, seed, run, offered) "
                                                     "VALUES (?1, ?2, ?3, ?4, ?5)"));
    insert.bind(1, batch.id).bind(2, batch.strategy).bind(3, std::int64_t(batch.seed)).bind(4, batch.run);
    return insert.bind(5, batch.offered).run();
}

/// From a row (id, strategy, seed, run, offered, closed).
Batch batchOf(const Statement& row)
{
    Batch batch;
    batch.id = row.integer(0);
    batch.strategy = row.text(1);
    batch.seed = std::uint64_t(row.integer(2));
    batch.run = row.text(3);
    batch.offered = row.text(4);
    batch.closed = row.text(5);
    return batch;
}

struct Waiting {
    QueueItem item;
    std::int64_t skippedAt = 0; ///< seq of the last skip, 0 for none
    std::uint64_t dice = 0;     ///< place in the select's list, or, with the highest bit set, in the random fill
};

/// Selected ones keep the order of the select; the rest are shuffled so that one image read changes no other's place.
bool comesBefore(const Waiting& a, const Waiting& b)
{
    if (a.skippedAt != b.skippedAt)
        return a.skippedAt < b.skippedAt;
    return a.dice != b.dice ? a.dice < b.dice : a.item.sample < b.item.sample;
}

} // namespace

Result<std::int64_t> Study::addBatch(Batch batch, bool enqueue)
{
    batch.offered = isoTimeUtc();
    const auto body = [&](Connection& connection) -> Status {
        FOVEATE_CHECK(insertBatch(connection, batch));
        FOVEATE_CHECK(insertItems(connection, batch));
        return enqueue ? enqueueItems(connection, batch) : Status();
    };
    const auto stored = [&](Connection& connection) -> Result<bool> {
        FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM batch WHERE id = ?1 AND offered = ?2"));
        return select.bind(1, batch.id).bind(2, batch.offered).step();
    };
    FOVEATE_CHECK(m_parts->write(body, stored));
    m_parts->changesSinceBackup += 1;
    return batch.id;
}

Result<Batch> Study::batch(std::int64_t id)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT id, strategy, seed, run, offered, coalesce(utc, '') FROM batch "
                                    "LEFT JOIN closed_batch ON batch = id WHERE id = ?1"));
    FOVEATE_TRY(const bool row, select.bind(1, id).step());
    if (!row)
        return fail(Code::notFound, {"batch", std::to_string(id)});
    Batch batch = batchOf(select);
    FOVEATE_TRY(Statement items,
                connection->prepare("SELECT sample, rank, score, reason FROM batch_item WHERE batch = ?1 "
                                    "ORDER BY rank"));
    FOVEATE_CHECK(items.bind(1, id).each([&](const Statement& item) {
        batch.items.push_back({item.text(0), int(item.integer(1)), item.real(2), item.text(3)});
    }));
    return batch;
}

Result<std::vector<Batch>> Study::batches()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT id, strategy, seed, run, offered, coalesce(utc, '') FROM batch "
                                    "LEFT JOIN closed_batch ON batch = id ORDER BY id"));
    std::vector<Batch> all;
    FOVEATE_CHECK(select.each([&](const Statement& row) { all.push_back(batchOf(row)); }));
    return all;
}

Result<bool> Study::batchClosed(std::int64_t id)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select, connection->prepare("SELECT 1 FROM closed_batch WHERE batch = ?1"));
    return select.bind(1, id).step();
}

Result<std::vector<QueueItem>> Study::queue(std::int64_t limit)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(
        Statement select,
        connection->prepare("SELECT s.id, coalesce(q.batch, 0), (SELECT max(c.seq) FROM current_label c WHERE "
                            "c.sample = s.id AND c.state = 'skip') FROM sample s JOIN patient p ON p.number = "
                            "s.patient LEFT JOIN queue q ON q.sample = s.id WHERE s.state = 'ok' AND p.split IN "
                            "('none', 'train') AND NOT EXISTS (SELECT 1 FROM current_label c WHERE c.sample = s.id "
                            "AND c.state <> 'skip') ORDER BY coalesce(q.batch, 0) DESC, q.rank, s.id"));
    std::vector<Waiting> waiting;
    FOVEATE_CHECK(select.each([&](const Statement& row) {
        Waiting one{{row.text(0), row.integer(1)}, row.integer(2), 0};
        // Queued images come from the database in their order; the random ones get theirs from the seed and their id.
        one.dice = one.item.batch != 0
                       ? waiting.size()
                       : (std::uint64_t(1) << 63) |
                             (Random::derive(m_parts->project.seed, "queue/" + one.item.sample).next() >> 1);
        waiting.push_back(std::move(one));
    }));
    std::sort(waiting.begin(), waiting.end(), comesBefore);
    if (limit >= 0 && std::int64_t(waiting.size()) > limit)
        waiting.resize(std::size_t(limit));
    std::vector<QueueItem> items;
    for (Waiting& one : waiting)
        items.push_back(std::move(one.item));
    return items;
}

} // namespace foveate::store
