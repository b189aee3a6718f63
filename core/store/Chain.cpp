// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Chain.h"

#include <cstdio>

namespace foveate::store {
namespace {

std::string decimal(std::optional<double> value)
{
    if (!value)
        return {};
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", *value);
    return text;
}

} // namespace

std::string eventHash(const Event& e)
{
    Sha256 sha;
    sha.addField("foveate-event-1").addField(e.uuid).addField(e.writer).addField(e.reader).addField(e.utc);
    sha.addField(name(e.kind)).addField(e.sample).addField(e.classIndex ? std::to_string(*e.classIndex) : "");
    sha.addField(e.target).addField(std::to_string(e.activeMs)).addField(std::to_string(e.idleMs));
    sha.addField(e.imageSha).addField(e.visible).addField(e.model).addField(std::to_string(e.batch));
    sha.addField(decimal(e.confidence)).addField(e.text).addField(e.version).addField(e.prev);
    return hex(sha.digest());
}

Status insertEvent(Connection& connection, Event& e)
{
    FOVEATE_TRY(
        Statement insert,
        connection.prepare("INSERT INTO event (uuid, writer, reader, utc, kind, sample, class, target, active_ms, "
                           "idle_ms, image_sha, visible, model, batch, confidence, text, version, prev, hash) "
                           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
                           "?18, ?19)"));
    insert.bind(1, e.uuid).bind(2, e.writer).bind(3, e.reader).bind(4, e.utc).bind(5, name(e.kind)).bind(6, e.sample);
    insert.bind(7, e.classIndex).bind(8, e.target).bind(9, e.activeMs).bind(10, e.idleMs).bind(11, e.imageSha);
    insert.bind(12, e.visible).bind(13, e.model).bind(14, e.batch).bind(15, e.confidence).bind(16, e.text);
    insert.bind(17, e.version).bind(18, e.prev).bind(19, e.hash);
    FOVEATE_CHECK(insert.run());
    e.seq = connection.lastRowId();
    return {};
}

Result<Event> eventOf(const Statement& row)
{
    Event e;
    e.seq = row.integer(0);
    const auto kind = eventKindFromName(row.text(5));
    if (!kind)
        return fail(Code::corrupt, {"event", "seq " + std::to_string(e.seq), "kind"});
    e.kind = *kind;
    e.uuid = row.text(1);
    e.writer = row.text(2);
    e.reader = row.text(3);
    e.utc = row.text(4);
    e.sample = row.text(6);
    e.classIndex = row.optionalInteger(7);
    e.target = row.text(8);
    e.activeMs = row.integer(9);
    e.idleMs = row.integer(10);
    e.imageSha = row.text(11);
    e.visible = row.text(12);
    e.model = row.text(13);
    e.batch = row.integer(14);
    e.confidence = row.optionalReal(15);
    e.text = row.text(16);
    e.version = row.text(17);
    e.prev = row.text(18);
    e.hash = row.text(19);
    return e;
}

Result<std::string> headOf(Connection& connection, const std::string& writer)
{
    FOVEATE_TRY(Statement statement,
                connection.prepare("SELECT hash FROM event WHERE writer = ?1 ORDER BY seq DESC LIMIT 1"));
    FOVEATE_TRY(const bool row, statement.bind(1, writer).step());
    return row ? statement.text(0) : std::string();
}

Result<std::vector<std::pair<std::string, std::string>>> allHeads(Connection& connection)
{
    std::vector<std::pair<std::string, std::string>> heads;
    FOVEATE_TRY(Statement statement,
                connection.prepare("SELECT writer, hash FROM event WHERE seq IN "
                                   "(SELECT max(seq) FROM event GROUP BY writer) ORDER BY writer"));
    FOVEATE_CHECK(statement.each([&](const Statement& row) { heads.emplace_back(row.text(0), row.text(1)); }));
    return heads;
}

} // namespace foveate::store
