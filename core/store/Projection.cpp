// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Projection.h"

#include "store/Chain.h"

#include <map>

namespace foveate::store {
namespace {

/// A revise is a label by another road.
std::string_view stateOf(EventKind kind)
{
    return kind == EventKind::revise ? name(EventKind::label) : name(kind);
}

Status addDecision(Connection& connection, const Event& event)
{
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO decision (seq, uuid, reader, sample, kind, class) "
                                                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    insert.bind(1, event.seq).bind(2, event.uuid).bind(3, event.reader).bind(4, event.sample);
    return insert.bind(5, stateOf(event.kind)).bind(6, event.classIndex).run();
}

Status setUndone(Connection& connection, const Event& event)
{
    FOVEATE_TRY(Statement update, connection.prepare("UPDATE decision SET undone = ?1 WHERE uuid = ?2"));
    if (event.kind == EventKind::undo)
        update.bind(1, event.seq);
    else
        update.bindNull(1);
    return update.bind(2, event.target).run();
}

Status refreshCurrent(Connection& connection, const std::string& sample, const std::string& reader)
{
    FOVEATE_TRY(Statement erase, connection.prepare("DELETE FROM current_label WHERE sample = ?1 AND reader = ?2"));
    FOVEATE_CHECK(erase.bind(1, sample).bind(2, reader).run());
    FOVEATE_TRY(
        Statement insert,
        connection.prepare("INSERT INTO current_label (sample, reader, state, class, seq) "
                           "SELECT sample, reader, kind, class, seq FROM decision WHERE sample = ?1 AND "
                           "reader = ?2 AND undone IS NULL AND kind <> 'adjudicate' ORDER BY seq DESC LIMIT 1"));
    return insert.bind(1, sample).bind(2, reader).run();
}

struct Votes {
    std::map<int, int> readers; ///< class → readers for it
    bool othersSpoke = false;   ///< somebody but the import has read it
    std::optional<int> imported;
};

Result<Votes> votesFor(Connection& connection, const std::string& sample)
{
    Votes votes;
    FOVEATE_TRY(Statement select,
                connection.prepare("SELECT reader, state, class FROM current_label WHERE sample = ?1"));
    FOVEATE_CHECK(select.bind(1, sample).each([&](const Statement& row) {
        const bool isLabel = row.text(1) == name(EventKind::label) && !row.isNull(2);
        if (row.text(0) == kImportReader) {
            votes.imported = isLabel ? row.optionalInteger(2) : std::nullopt;
            return;
        }
        votes.othersSpoke |= row.text(1) != name(EventKind::skip);
        if (isLabel)
            ++votes.readers[int(row.integer(2))];
    }));
    if (!votes.othersSpoke && votes.imported)
        votes.readers = {{*votes.imported, 1}};
    return votes;
}

Consensus majority(const std::map<int, int>& votes)
{
    Consensus result;
    bool tie = false;
    for (const auto& [classIndex, count] : votes) {
        result.readers += count;
        tie = count == result.votes || (tie && count < result.votes);
        if (count > result.votes) {
            result.votes = count;
            result.classIndex = classIndex;
        }
    }
    if (tie)
        result.classIndex.reset();
    return result;
}

Result<std::optional<int>> adjudication(Connection& connection, const std::string& sample)
{
    FOVEATE_TRY(Statement select,
                connection.prepare("SELECT class FROM decision WHERE sample = ?1 AND kind = 'adjudicate' "
                                   "AND undone IS NULL ORDER BY seq DESC LIMIT 1"));
    FOVEATE_TRY(const bool row, select.bind(1, sample).step());
    std::optional<int> settled;
    if (row)
        settled = select.optionalInteger(0);
    return settled;
}

Status refreshConsensus(Connection& connection, const std::string& sample)
{
    FOVEATE_TRY(Statement erase, connection.prepare("DELETE FROM consensus WHERE sample = ?1"));
    FOVEATE_CHECK(erase.bind(1, sample).run());
    FOVEATE_TRY(const Votes votes, votesFor(connection, sample));
    FOVEATE_TRY(const std::optional<int> settled, adjudication(connection, sample));
    if (votes.readers.empty() && !settled)
        return {};
    const Consensus result = majority(votes.readers);
    FOVEATE_TRY(Statement insert,
                connection.prepare("INSERT INTO consensus (sample, class, votes, readers, adjudicated) "
                                   "VALUES (?1, ?2, ?3, ?4, ?5)"));
    insert.bind(1, sample).bind(2, settled ? settled : result.classIndex).bind(3, result.votes).bind(4, result.readers);
    return insert.bind(5, settled ? 1 : 0).run();
}

Status closeBatch(Connection& connection, const Event& event)
{
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO closed_batch (batch, utc) VALUES (?1, ?2) "
                                                     "ON CONFLICT (batch) DO NOTHING"));
    return insert.bind(1, event.batch).bind(2, event.utc).run();
}

} // namespace

Status project(Connection& connection, const Event& event)
{
    if (event.kind == EventKind::batchClosed)
        return closeBatch(connection, event);
    if (isDecision(event.kind) || event.kind == EventKind::adjudicate)
        FOVEATE_CHECK(addDecision(connection, event));
    else if (event.kind == EventKind::undo || event.kind == EventKind::redo)
        FOVEATE_CHECK(setUndone(connection, event));
    else
        return {};
    FOVEATE_CHECK(refreshCurrent(connection, event.sample, event.reader));
    return refreshConsensus(connection, event.sample);
}

Status projectAll(Connection& connection)
{
    FOVEATE_CHECK(connection.execute("DELETE FROM decision; DELETE FROM current_label; DELETE FROM consensus;"
                                     "DELETE FROM closed_batch"));
    FOVEATE_TRY(Statement select, connection.prepare("SELECT * FROM event ORDER BY seq"));
    for (;;) {
        FOVEATE_TRY(const bool row, select.step());
        if (!row)
            return {};
        FOVEATE_TRY(const Event event, eventOf(select));
        FOVEATE_CHECK(project(connection, event));
    }
}

} // namespace foveate::store
