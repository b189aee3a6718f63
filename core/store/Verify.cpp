// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Verify.h"

#include "base/Manifest.h"
#include "base/RunFolder.h"
#include "store/Backup.h"
#include "store/Chain.h"
#include "store/Migrations.h"
#include "store/Projection.h"
#include "store/Replay.h"
#include "store/StudyParts.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <unistd.h>

namespace foveate::store {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> bad(const std::string& table, const std::string& row, const std::string& what)
{
    return fail(Code::corrupt, {table, row, what});
}

std::string row(const Event& event)
{
    return "seq " + std::to_string(event.seq);
}

Status checkLink(const Event& event, std::int64_t expectedSeq, std::map<std::string, std::string>& heads)
{
    if (event.seq != expectedSeq)
        return bad("event", "seq " + std::to_string(expectedSeq), "missing");
    if (eventHash(event) != event.hash)
        return bad("event", row(event), "hash");
    std::string& head = heads[event.writer];
    if (event.prev != head)
        return bad("event", row(event), "prev");
    head = event.hash;
    return {};
}

/// Run folders in order of their numbers.
std::vector<std::string> finishedRuns(const std::string& projectFolder)
{
    std::vector<std::string> runs;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(projectFolder + "/runs"), error))
        if (hasManifest(entry.path().string()))
            runs.push_back(entry.path().string());
    std::sort(runs.begin(), runs.end());
    return runs;
}

Status checkRunHeads(Connection& connection, const std::string& run)
{
    const auto snapshot = readSnapshot(run);
    if (!snapshot)
        return {}; // a run without a snapshot of the log (a simulated study) anchors nothing
    for (const std::string& head : snapshot->eventHeads) {
        FOVEATE_TRY(const bool there, hasEventStarting(connection, head));
        if (!there)
            return bad("event", fs::path(run).filename().string(), "shorter than it was");
    }
    return {};
}

Result<Replay> replayed(Connection& connection)
{
    Replay replay;
    FOVEATE_TRY(Statement select, connection.prepare("SELECT * FROM event ORDER BY seq"));
    for (;;) {
        FOVEATE_TRY(const bool there, select.step());
        if (!there)
            return replay;
        FOVEATE_TRY(const Event event, eventOf(select));
        replay.add(event);
    }
}

/// The first key on which two maps differ.
template <typename Key, typename Value>
const Key* firstDifference(const std::map<Key, Value>& a, const std::map<Key, Value>& b)
{
    for (const auto& [key, value] : a)
        if (const auto other = b.find(key); other == b.end() || !(other->second == value))
            return &key;
    for (const auto& [key, value] : b)
        if (!a.contains(key))
            return &key;
    return nullptr;
}

Status compareCurrent(Connection& connection, const Replay& replay)
{
    std::map<std::pair<std::string, std::string>, Replay::Current> stored;
    FOVEATE_TRY(Statement select, connection.prepare("SELECT sample, reader, state, class, seq FROM current_label"));
    FOVEATE_CHECK(select.each([&](const Statement& r) {
        stored[{r.text(0), r.text(1)}] = {r.text(2), r.optionalInteger(3), r.integer(4)};
    }));
    const auto expected = replay.current();
    if (const auto* key = firstDifference(expected, stored))
        return bad("current_label", key->first + " " + key->second, "differs from the log");
    return {};
}

Status compareConsensus(Connection& connection, const Replay& replay)
{
    std::map<std::string, Replay::Agreed> stored;
    FOVEATE_TRY(Statement select,
                connection.prepare("SELECT sample, class, votes, readers, adjudicated FROM consensus"));
    FOVEATE_CHECK(select.each([&](const Statement& r) {
        stored[r.text(0)] = {r.optionalInteger(1), int(r.integer(2)), int(r.integer(3)), r.integer(4) != 0};
    }));
    const auto expected = replay.consensus();
    if (const std::string* key = firstDifference(expected, stored))
        return bad("consensus", *key, "differs from the log");
    return {};
}

Status compareBatches(Connection& connection, const Replay& replay)
{
    std::map<std::int64_t, std::string> stored;
    FOVEATE_TRY(Statement select, connection.prepare("SELECT batch, utc FROM closed_batch"));
    FOVEATE_CHECK(select.each([&](const Statement& r) { stored[r.integer(0)] = r.text(1); }));
    if (const std::int64_t* key = firstDifference(replay.closedBatches(), stored))
        return bad("closed_batch", std::to_string(*key), "differs from the log");
    return {};
}

void note(VerifyReport& report, const Status& checked)
{
    if (!checked)
        report.findings.push_back(checked.error());
}

} // namespace

Status verifyPages(Connection& connection)
{
    FOVEATE_TRY(Statement statement, connection.prepare("PRAGMA integrity_check(1)"));
    FOVEATE_TRY(const bool there, statement.step());
    if (!there || statement.text(0) != "ok")
        return bad(connection.path(), there ? statement.text(0) : "", "integrity");
    return {};
}

Status verifySchema(Connection& connection)
{
    FOVEATE_TRY(const std::string found, schemaHash(connection));
    FOVEATE_TRY(const std::string expected, expectedSchemaHash(labelsSchema()));
    return found == expected ? Status() : Status(bad(connection.path(), "", "schema"));
}

Status verifyChain(Connection& connection)
{
    std::map<std::string, std::string> heads;
    std::int64_t expectedSeq = 1;
    FOVEATE_TRY(Statement select, connection.prepare("SELECT * FROM event ORDER BY seq"));
    for (;;) {
        FOVEATE_TRY(const bool there, select.step());
        if (!there)
            return {};
        FOVEATE_TRY(const Event event, eventOf(select));
        FOVEATE_CHECK(checkLink(event, expectedSeq++, heads));
    }
}

Status verifyBackupAnchors(Connection& connection, const std::string& projectFolder)
{
    for (const BackupFile& backup : listBackups(projectFolder + "/backup")) {
        const std::string stem = fs::path(backup.path).stem().string();
        const std::string head = stem.substr(stem.rfind('-') + 1);
        if (head == "empty")
            continue;
        FOVEATE_TRY(const bool there, hasEventStarting(connection, head));
        if (!there)
            return bad("event", fs::path(backup.path).filename().string(), "shorter than it was");
    }
    return {};
}

Status verifyAnchors(Connection& connection, const std::string& projectFolder)
{
    FOVEATE_CHECK(checkHeads(connection, readHeads(projectFolder + "/heads")));
    FOVEATE_CHECK(verifyBackupAnchors(connection, projectFolder));
    for (const std::string& run : finishedRuns(projectFolder))
        FOVEATE_CHECK(checkRunHeads(connection, run));
    return {};
}

Status verifyProjection(Connection& connection)
{
    FOVEATE_TRY(const Replay replay, replayed(connection));
    FOVEATE_CHECK(compareCurrent(connection, replay));
    FOVEATE_CHECK(compareConsensus(connection, replay));
    return compareBatches(connection, replay);
}

Status verifySplits(Connection& connection)
{
    FOVEATE_TRY(Statement queued,
                connection.prepare("SELECT queue.sample FROM queue JOIN sample ON sample.id = queue.sample "
                                   "JOIN patient ON patient.number = sample.patient WHERE patient.split "
                                   "IN ('val', 'test') LIMIT 1"));
    FOVEATE_TRY(const bool heldOut, queued.step());
    if (heldOut)
        return bad("queue", queued.text(0), "held out");
    // Equal pixels are equal images whatever they are called: they may not lie on two sides either.
    FOVEATE_TRY(Statement twins,
                connection.prepare("SELECT min(sample.id) FROM sample JOIN patient ON patient.number = "
                                   "sample.patient WHERE split <> 'none' GROUP BY pixel_sha, frame "
                                   "HAVING count(DISTINCT split) > 1 LIMIT 1"));
    FOVEATE_TRY(const bool twoSides, twins.step());
    return twoSides ? Status(bad("sample", twins.text(0), "on two sides")) : Status();
}

Result<VerifyReport> verify(Study& study)
{
    FOVEATE_TRY(Connection * connection, study.database());
    VerifyReport report;
    note(report, verifyPages(*connection));
    note(report, verifySchema(*connection));
    note(report, verifyChain(*connection));
    note(report, verifyAnchors(*connection, study.folder()));
    note(report, verifyProjection(*connection));
    note(report, verifySplits(*connection));
    for (const std::string& run : finishedRuns(study.folder())) {
        note(report, verifyManifest(run));
        ++report.runs;
    }
    FOVEATE_TRY(const Counts counts, study.counts());
    report.events = counts.events;
    report.samples = counts.samples;
    return report;
}

Status rebuildIndex(Study& study, const std::function<Status(const std::string&, IndexStore&)>& book)
{
    FOVEATE_CHECK(study.index().clear());
    for (const std::string& run : finishedRuns(study.folder()))
        FOVEATE_CHECK(book(run, study.index()));
    return {};
}

Status rebuildProjection(Study& study)
{
    FOVEATE_TRY(Connection * connection, study.database());
    FOVEATE_TRY(Transaction transaction, Transaction::begin(*connection));
    FOVEATE_CHECK(projectAll(*connection));
    return transaction.commit();
}

Status acceptShorterHistory(const std::string& projectFolder)
{
    FOVEATE_TRY(const Lock lock, Lock::acquire(projectFolder + "/lock", thisOwner()));
    FOVEATE_TRY(Connection connection, Connection::open(projectFolder + "/labels.sqlite", Access::readWrite));
    FOVEATE_TRY(const auto heads, allHeads(connection));
    // Backups that know more keep their content under a name that anchors nothing.
    for (const BackupFile& backup : listBackups(projectFolder + "/backup")) {
        const std::string stem = fs::path(backup.path).stem().string();
        FOVEATE_TRY(const bool there, hasEventStarting(connection, stem.substr(stem.rfind('-') + 1)));
        if (!there && !stem.ends_with("-empty") &&
            std::rename(backup.path.c_str(), (backup.path + ".longer").c_str()) != 0)
            return tl::unexpected(errnoError(errno, backup.path));
    }
    return writeHeads(projectFolder + "/heads", Heads(heads.begin(), heads.end()));
}

} // namespace foveate::store
