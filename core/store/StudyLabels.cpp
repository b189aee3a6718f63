// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Projection.h"
#include "store/StudyParts.h"

namespace foveate::store {
namespace {

/// From a row (sample, reader, state, class, seq, uuid, utc, batch).
CurrentLabel labelOf(const Statement& row)
{
    return {row.text(0),
            row.text(1),
            eventKindFromName(row.text(2)).value_or(EventKind::skip),
            row.optionalInteger(3),
            row.integer(4),
            row.text(5),
            row.text(6),
            row.integer(7)};
}

Result<std::vector<CurrentLabel>> labelsOf(Statement& select)
{
    std::vector<CurrentLabel> labels;
    FOVEATE_CHECK(select.each([&](const Statement& row) { labels.push_back(labelOf(row)); }));
    return labels;
}

/// From a row of the table consensus.
Consensus consensusOf(const Statement& row)
{
    return {row.text(0), row.optionalInteger(1), int(row.integer(2)), int(row.integer(3)), row.integer(4) != 0};
}

Status countSamples(Connection& connection, Counts& counts)
{
    FOVEATE_TRY(
        Statement select,
        connection.prepare("SELECT count(*), count(*) FILTER (WHERE split IN ('none', 'train')), "
                           "count(*) FILTER (WHERE split = 'val'), count(*) FILTER (WHERE split = 'test'), "
                           "count(*) FILTER (WHERE state = 'damaged'), count(*) FILTER (WHERE state = 'missing'), "
                           "count(*) FILTER (WHERE state = 'quarantined'), count(truth) FROM sample JOIN patient "
                           "ON patient.number = sample.patient"));
    FOVEATE_TRY(const bool row, select.step());
    if (!row)
        return {};
    counts.samples = select.integer(0);
    counts.training = select.integer(1);
    counts.val = select.integer(2);
    counts.test = select.integer(3);
    counts.damaged = select.integer(4);
    counts.missing = select.integer(5);
    counts.quarantined = select.integer(6);
    counts.hasTruth = select.integer(7) > 0;
    return {};
}

} // namespace

Result<std::vector<CurrentLabel>> Study::currentLabels()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT c.sample, c.reader, c.state, c.class, c.seq, e.uuid, e.utc, "
                                    "e.batch FROM current_label c JOIN event e ON e.seq = c.seq "
                                    "ORDER BY c.sample, c.reader"));
    return labelsOf(select);
}

Result<std::optional<CurrentLabel>> Study::currentLabel(const std::string& sample, const std::string& reader)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT c.sample, c.reader, c.state, c.class, c.seq, e.uuid, e.utc, "
                                    "e.batch FROM current_label c JOIN event e ON e.seq = c.seq "
                                    "WHERE c.sample = ?1 AND c.reader = ?2"));
    FOVEATE_TRY(const bool row, select.bind(1, sample).bind(2, reader).step());
    return row ? std::optional<CurrentLabel>(labelOf(select)) : std::nullopt;
}

Result<std::vector<Consensus>> Study::consensus()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(
        Statement select,
        connection->prepare("SELECT sample, class, votes, readers, adjudicated FROM consensus ORDER BY sample"));
    std::vector<Consensus> all;
    FOVEATE_CHECK(select.each([&](const Statement& row) { all.push_back(consensusOf(row)); }));
    return all;
}

Result<std::optional<Consensus>> Study::consensus(const std::string& sample)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(
        Statement select,
        connection->prepare("SELECT sample, class, votes, readers, adjudicated FROM consensus WHERE sample = ?1"));
    FOVEATE_TRY(const bool row, select.bind(1, sample).step());
    return row ? std::optional<Consensus>(consensusOf(select)) : std::nullopt;
}

Result<std::vector<CurrentLabel>> Study::lastDecisions(const std::string& reader, int count)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    // Walks back along the index on seq and stops after `count`: the strip is drawn again after every label.
    FOVEATE_TRY(
        Statement select,
        connection->prepare("SELECT c.sample, c.reader, c.state, c.class, c.seq, e.uuid, e.utc, e.batch FROM "
                            "current_label c JOIN event e ON e.seq = c.seq WHERE c.reader = ?1 OR (?1 = '' AND "
                            "NOT EXISTS (SELECT 1 FROM current_label n WHERE n.sample = c.sample AND n.seq > c.seq)) "
                            "ORDER BY c.seq DESC LIMIT ?2"));
    select.bind(1, reader).bind(2, count);
    return labelsOf(select);
}

Result<std::vector<ReaderCount>> Study::readerCounts()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT e.reader, count(c.seq) FILTER (WHERE c.state = 'label'), "
                                    "count(c.seq) FILTER (WHERE c.state = 'skip'), "
                                    "count(c.seq) FILTER (WHERE c.state = 'unsure'), "
                                    "count(c.seq) FILTER (WHERE c.state = 'ungradable'), sum(e.active_ms) "
                                    "FROM decision d JOIN event e ON e.seq = d.seq LEFT JOIN current_label c ON "
                                    "c.seq = d.seq GROUP BY e.reader ORDER BY e.reader"));
    std::vector<ReaderCount> counts;
    FOVEATE_CHECK(select.each([&](const Statement& row) {
        counts.push_back({row.text(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4), row.integer(5)});
    }));
    return counts;
}

Result<Counts> Study::counts()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    Counts counts;
    FOVEATE_CHECK(countSamples(*connection, counts));
    FOVEATE_TRY(counts.patients, connection->integer("SELECT count(*) FROM patient"));
    FOVEATE_TRY(counts.events, connection->integer("SELECT count(*) FROM event"));
    FOVEATE_TRY(counts.labelled, connection->integer("SELECT count(class) FROM consensus"));
    FOVEATE_TRY(counts.read,
                connection->integer("SELECT count(DISTINCT sample) FROM current_label WHERE state <> 'skip'"));
    FOVEATE_TRY(counts.queued,
                connection->integer("SELECT count(*) FROM queue WHERE sample NOT IN "
                                    "(SELECT sample FROM current_label WHERE state <> 'skip') AND sample IN "
                                    "(SELECT id FROM sample WHERE state = 'ok')"));
    const LabelScheme labels = m_parts->project.labels();
    counts.perClass.assign(m_parts->project.classes.size(), 0);
    FOVEATE_TRY(Statement select, connection->prepare("SELECT class, count(*) FROM consensus WHERE class IS NOT NULL "
                                                      "GROUP BY class"));
    FOVEATE_CHECK(select.each([&](const Statement& row) {
        for (std::size_t c = 0; c < counts.perClass.size(); ++c)
            if (labels.applies(int(row.integer(0)), c))
                counts.perClass[c] += row.integer(1);
    }));
    return counts;
}

} // namespace foveate::store
