// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Text.h"
#include "store/Chain.h"
#include "store/Projection.h"
#include "store/StudyParts.h"
#include "store/Uuid.h"

#include <cmath>

namespace foveate::store {
namespace {

tl::unexpected<Error> refuse(const char* what, const std::string& value)
{
    return fail(Code::usage, {what, value});
}

Result<std::vector<Event>> eventsOf(Statement& select)
{
    std::vector<Event> events;
    for (;;) {
        FOVEATE_TRY(const bool row, select.step());
        if (!row)
            return events;
        FOVEATE_TRY(Event event, eventOf(select));
        events.push_back(std::move(event));
    }
}

/// An undo names a decision of the same reader that stands; a redo one that was taken back.
Status checkTarget(Connection& connection, Event& event)
{
    FOVEATE_TRY(Statement select,
                connection.prepare("SELECT sample, undone IS NOT NULL FROM decision WHERE uuid = ?1 AND reader = ?2"));
    FOVEATE_TRY(const bool row, select.bind(1, event.target).bind(2, event.reader).step());
    if (!row)
        return fail(Code::notFound, {"event", event.target});
    const bool undone = select.integer(1) != 0;
    if (undone != (event.kind == EventKind::redo))
        return refuse("target", event.target);
    event.sample = select.text(0);
    return {};
}

Status checkClass(const Event& event, const LabelScheme& labels)
{
    const bool needed =
        event.kind == EventKind::label || event.kind == EventKind::revise || event.kind == EventKind::adjudicate;
    const bool allowed = needed || event.kind == EventKind::unsure || event.kind == EventKind::reveal;
    if (needed && !event.classIndex)
        return refuse("class", "missing");
    if (!event.classIndex)
        return {};
    if (!allowed || !labels.holds(*event.classIndex))
        return refuse("class", std::to_string(*event.classIndex));
    return {};
}

bool sameWords(const Event& a, const Event& b)
{
    return a.reader == b.reader && a.kind == b.kind && a.sample == b.sample && a.classIndex == b.classIndex &&
           a.target == b.target && a.text == b.text;
}

} // namespace

Result<std::optional<Event>> findEvent(Connection& connection, const std::string& uuid)
{
    FOVEATE_TRY(Statement select, connection.prepare("SELECT * FROM event WHERE uuid = ?1"));
    FOVEATE_TRY(const bool row, select.bind(1, uuid).step());
    if (!row)
        return std::optional<Event>();
    FOVEATE_TRY(Event event, eventOf(select));
    return std::optional<Event>(std::move(event));
}

Status Study::Parts::check(Connection& database, Event& event)
{
    const bool decides = isDecision(event.kind) || event.kind == EventKind::adjudicate;
    if (event.kind == EventKind::undo || event.kind == EventKind::redo)
        FOVEATE_CHECK(checkTarget(database, event));
    else if (!event.target.empty())
        return refuse("target", event.target);
    if ((decides || event.kind == EventKind::undo || event.kind == EventKind::redo) && event.reader.empty())
        return refuse("reader", "");
    if (decides && event.sample.empty())
        return refuse("sample", "");
    if (!event.sample.empty()) {
        FOVEATE_TRY(const bool known, sampleExists(database, event.sample));
        if (!known)
            return fail(Code::notFound, {"sample", event.sample});
    }
    FOVEATE_CHECK(checkClass(event, project.labels()));
    if (event.confidence && !(*event.confidence >= 0 && *event.confidence <= 1))
        return refuse("confidence", std::to_string(*event.confidence));
    if (event.activeMs < 0 || event.idleMs < 0)
        return refuse("time", std::to_string(event.activeMs));
    return {};
}

Result<Event> Study::Parts::store(Connection& database, Event event)
{
    if (event.uuid.empty())
        event.uuid = newUuid();
    FOVEATE_TRY(const std::optional<Event> before, findEvent(database, event.uuid));
    if (before)
        return sameWords(*before, event) ? Result<Event>(*before) : fail(Code::alreadyExists, {event.uuid});
    FOVEATE_CHECK(check(database, event));
    event.writer = writer;
    if (event.utc.empty())
        event.utc = isoTimeUtc();
    event.version = FOVEATE_VERSION;
    FOVEATE_TRY(event.prev, headOf(database, writer));
    event.hash = eventHash(event);
    FOVEATE_CHECK(insertEvent(database, event));
    FOVEATE_CHECK(foveate::store::project(database, event));
    return event;
}

Result<Event> Study::append(Event event)
{
    FOVEATE_TRY(std::vector<Event> stored, appendAll({std::move(event)}));
    return std::move(stored.front());
}

Result<std::vector<Event>> Study::appendAll(std::vector<Event> events)
{
    // Named before the first try, so that a second try and a look-up mean the same events.
    for (Event& event : events)
        if (event.uuid.empty())
            event.uuid = newUuid();
    std::vector<Event> stored;
    const auto body = [&](Connection& connection) -> Status {
        stored.clear();
        for (const Event& event : events) {
            FOVEATE_TRY(Event done, m_parts->store(connection, event));
            stored.push_back(std::move(done));
        }
        return {};
    };
    const auto there = [&](Connection& connection) -> Result<bool> {
        std::vector<Event> found;
        for (const Event& event : events) {
            FOVEATE_TRY(std::optional<Event> one, findEvent(connection, event.uuid));
            if (!one)
                return false;
            found.push_back(std::move(*one));
        }
        stored = std::move(found);
        return true;
    };
    FOVEATE_CHECK(m_parts->write(body, there));
    m_parts->noteStored(stored);
    return stored;
}

Result<EventKind> Study::kindFor(const std::string& sample, const std::string& reader)
{
    FOVEATE_TRY(const std::optional<CurrentLabel> now, currentLabel(sample, reader));
    return now && now->state != EventKind::skip ? EventKind::revise : EventKind::label;
}

Result<Event> Study::undo(const std::string& reader, Event context)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select, connection->prepare("SELECT uuid FROM decision WHERE reader = ?1 AND undone IS NULL "
                                                      "ORDER BY seq DESC LIMIT 1"));
    FOVEATE_TRY(const bool row, select.bind(1, reader).step());
    if (!row)
        return fail(Code::notFound, {"decision", reader});
    context.target = select.text(0);
    select.reset();
    context.kind = EventKind::undo;
    context.reader = reader;
    context.classIndex.reset();
    return append(std::move(context));
}

Result<Event> Study::redo(const std::string& reader, Event context)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT uuid FROM decision WHERE reader = ?1 AND undone > (SELECT max(seq) FROM "
                                    "decision WHERE reader = ?1) ORDER BY undone DESC LIMIT 1"));
    FOVEATE_TRY(const bool row, select.bind(1, reader).step());
    if (!row)
        return fail(Code::notFound, {"undo", reader});
    context.target = select.text(0);
    select.reset();
    context.kind = EventKind::redo;
    context.reader = reader;
    context.classIndex.reset();
    return append(std::move(context));
}

Result<std::optional<Event>> Study::find(const std::string& uuid)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    return findEvent(*connection, uuid);
}

Result<std::vector<Event>> Study::events(std::int64_t afterSeq, std::int64_t limit)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select, connection->prepare("SELECT * FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2"));
    select.bind(1, afterSeq).bind(2, limit);
    return eventsOf(select);
}

Result<std::vector<Event>> Study::history(const std::string& sample)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select, connection->prepare("SELECT * FROM event WHERE sample = ?1 ORDER BY seq"));
    select.bind(1, sample);
    return eventsOf(select);
}

Result<std::vector<std::string>> Study::eventHeads()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(const auto heads, allHeads(*connection));
    std::vector<std::string> hashes;
    for (const auto& [writer, hash] : heads)
        hashes.push_back(hash);
    return hashes;
}

} // namespace foveate::store
