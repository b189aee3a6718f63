// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Chain.h"
#include "store/StudyParts.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace foveate::store {
namespace {

std::string_view bytesOf(const Digest& digest)
{
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest digestOf(const std::string& bytes)
{
    Digest digest{};
    std::memcpy(digest.data(), bytes.data(), std::min(bytes.size(), digest.size()));
    return digest;
}

tl::unexpected<Error> twoSides(const std::string& patient, Split first, Split second)
{
    return fail(Code::patientSplit, {patient, std::string(name(first)), std::string(name(second))});
}

/// The side each named patient is said to be on; a patient said to be on two is refused.
Result<std::map<std::string, Split>> sidesByKey(const std::vector<Sample>& samples)
{
    std::map<std::string, Split> sides;
    for (const Sample& sample : samples) {
        if (sample.patientKey.empty() || sample.split == Split::none)
            continue;
        const auto [entry, isNew] = sides.try_emplace(sample.patientKey, sample.split);
        if (!isNew && entry->second != sample.split)
            return twoSides(sample.patientKey, entry->second, sample.split);
    }
    return sides;
}

Result<std::optional<Patient>> knownPatient(Connection& connection, const std::string& key)
{
    FOVEATE_TRY(Statement select, connection.prepare("SELECT number, split FROM patient WHERE key = ?1"));
    FOVEATE_TRY(const bool row, select.bind(1, key).step());
    if (!row)
        return std::optional<Patient>();
    FOVEATE_TRY(const Split split, splitFromName(select.text(1)));
    return std::optional<Patient>(Patient{select.integer(0), key, split, 0});
}

Result<std::int64_t> addPatient(Connection& connection, const std::string& key, Split split)
{
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO patient (key, split) VALUES (?1, ?2)"));
    if (key.empty())
        insert.bindNull(1);
    else
        insert.bind(1, key);
    FOVEATE_CHECK(insert.bind(2, name(split)).run());
    return connection.lastRowId();
}

Status setSide(Connection& connection, std::int64_t patient, Split split)
{
    FOVEATE_TRY(Statement update, connection.prepare("UPDATE patient SET split = ?1 WHERE number = ?2"));
    return update.bind(1, name(split)).bind(2, patient).run();
}

/// Finds or makes the sample's patient and puts the sample on its side.
Status place(Connection& connection, Sample& sample, const std::map<std::string, Split>& sides)
{
    const auto side = sides.find(sample.patientKey);
    const Split wanted = sample.patientKey.empty() || side == sides.end() ? sample.split : side->second;
    std::optional<Patient> known;
    if (!sample.patientKey.empty()) {
        FOVEATE_TRY(known, knownPatient(connection, sample.patientKey));
    }
    if (!known) {
        FOVEATE_TRY(sample.patient, addPatient(connection, sample.patientKey, wanted));
        sample.split = wanted;
        return {};
    }
    if (wanted != Split::none && known->split != Split::none && wanted != known->split)
        return twoSides(sample.patientKey, known->split, wanted);
    sample.patient = known->number;
    sample.split = known->split == Split::none ? wanted : known->split;
    return sample.split == known->split ? Status() : setSide(connection, known->number, sample.split);
}

Status insertSample(Connection& connection, const Sample& sample)
{
    FOVEATE_TRY(
        Statement insert,
        connection.prepare("INSERT INTO sample (id, root, path, file_sha, pixel_sha, frame, patient, state, pack_row, "
                           "metadata, truth) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
    insert.bind(1, sample.id).bindBytes(2, sample.root).bindBytes(3, sample.relativePath);
    insert.bindBytes(4, bytesOf(sample.fileSha)).bindBytes(5, bytesOf(sample.pixelSha)).bind(6, sample.frame);
    insert.bind(7, sample.patient).bind(8, name(sample.state)).bind(9, sample.packRow).bind(10, sample.metadata);
    return insert.bind(11, sample.truth).run();
}

/// From `sample.*` joined with the patient's key and split.
Sample sampleOf(const Statement& row)
{
    Sample sample;
    sample.id = row.text(0);
    sample.root = row.bytes(1);
    sample.relativePath = row.bytes(2);
    sample.fileSha = digestOf(row.bytes(3));
    sample.pixelSha = digestOf(row.bytes(4));
    sample.frame = int(row.integer(5));
    sample.patient = row.integer(6);
    sample.state = sampleStateFromName(row.text(7)).value_or(SampleState::quarantined);
    sample.packRow = row.integer(8);
    sample.metadata = row.text(9);
    sample.patientKey = row.text(10);
    sample.split = splitFromName(row.text(11)).value_or(Split::none);
    return sample;
}

} // namespace

Result<bool> Study::Parts::sampleExists(Connection& database, const std::string& id)
{
    FOVEATE_TRY(Statement select, database.prepare("SELECT 1 FROM sample WHERE id = ?1"));
    return select.bind(1, id).step();
}

Status Study::insertSamples(std::vector<Sample>& samples, std::vector<Event> events)
{
    FOVEATE_TRY(const auto sides, sidesByKey(samples));
    const LabelScheme labels = m_parts->project.labels();
    std::vector<Sample> placed;
    std::vector<Event> stored;
    const auto body = [&](Connection& connection) -> Status {
        placed = samples;
        stored.clear();
        for (Sample& sample : placed) {
            FOVEATE_TRY(const bool there, m_parts->sampleExists(connection, sample.id));
            if (there)
                return fail(Code::alreadyExists, {sample.id});
            if (sample.truth && !labels.holds(*sample.truth))
                return fail(Code::usage, {"class", std::to_string(*sample.truth)});
            FOVEATE_CHECK(place(connection, sample, sides));
            FOVEATE_CHECK(insertSample(connection, sample));
        }
        // A patient's side may have become known after its first image was placed.
        for (Sample& sample : placed)
            if (const auto side = sides.find(sample.patientKey); side != sides.end())
                sample.split = side->second;
        for (const Event& event : events) {
            FOVEATE_TRY(Event done, m_parts->store(connection, event));
            stored.push_back(std::move(done));
        }
        return {};
    };
    const auto there = [&](Connection& connection) -> Result<bool> {
        return samples.empty() ? Result<bool>(true) : m_parts->sampleExists(connection, samples.front().id);
    };
    FOVEATE_CHECK(m_parts->write(body, there));
    samples = std::move(placed);
    m_parts->noteStored(stored);
    m_parts->changesSinceBackup += std::int64_t(samples.size());
    return {};
}

Result<bool> Study::hasSample(const std::string& id)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    return m_parts->sampleExists(*connection, id);
}

Result<Sample> Study::sample(const std::string& id)
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT id, root, path, file_sha, pixel_sha, frame, patient, state, "
                                    "pack_row, metadata, key, split FROM sample JOIN patient ON "
                                    "patient.number = sample.patient WHERE id = ?1"));
    FOVEATE_TRY(const bool row, select.bind(1, id).step());
    if (!row)
        return fail(Code::notFound, {"sample", id});
    return sampleOf(select);
}

Result<std::vector<Sample>> Study::samples()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT id, root, path, file_sha, pixel_sha, frame, patient, state, "
                                    "pack_row, metadata, key, split FROM sample JOIN patient ON "
                                    "patient.number = sample.patient ORDER BY pack_row, id"));
    std::vector<Sample> samples;
    FOVEATE_CHECK(select.each([&](const Statement& row) { samples.push_back(sampleOf(row)); }));
    return samples;
}

Result<std::vector<std::pair<std::string, int>>> Study::hiddenTruth()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select,
                connection->prepare("SELECT id, truth FROM sample WHERE truth IS NOT NULL ORDER BY id"));
    std::vector<std::pair<std::string, int>> truth;
    FOVEATE_CHECK(select.each([&](const Statement& row) { truth.emplace_back(row.text(0), int(row.integer(1))); }));
    return truth;
}

Status Study::setState(const std::string& id, SampleState state)
{
    FOVEATE_TRY(const Sample known, sample(id));
    const auto body = [&](Connection& connection) -> Status {
        FOVEATE_TRY(Statement update, connection.prepare("UPDATE sample SET state = ?1 WHERE id = ?2"));
        return update.bind(1, name(state)).bind(2, known.id).run();
    };
    const auto stored = [&](Connection& connection) -> Result<bool> {
        FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM sample WHERE id = ?1 AND state = ?2"));
        return select.bind(1, id).bind(2, name(state)).step();
    };
    return m_parts->write(body, stored);
}

Status Study::setPackRow(const std::string& id, std::int64_t packRow)
{
    FOVEATE_TRY(const Sample known, sample(id));
    const auto body = [&](Connection& connection) -> Status {
        FOVEATE_TRY(Statement update, connection.prepare("UPDATE sample SET pack_row = ?1 WHERE id = ?2"));
        return update.bind(1, packRow).bind(2, known.id).run();
    };
    const auto stored = [&](Connection& connection) -> Result<bool> {
        FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM sample WHERE id = ?1 AND pack_row = ?2"));
        return select.bind(1, id).bind(2, packRow).step();
    };
    return m_parts->write(body, stored);
}

Status Study::relocate(const std::string& from, const std::string& to)
{
    const auto body = [&](Connection& connection) -> Status {
        FOVEATE_TRY(Statement update, connection.prepare("UPDATE sample SET root = ?1 WHERE root = ?2"));
        return update.bindBytes(1, to).bindBytes(2, from).run();
    };
    const auto stored = [&](Connection& connection) -> Result<bool> {
        FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM sample WHERE root = ?1"));
        FOVEATE_TRY(const bool left, select.bindBytes(1, from).step());
        return !left;
    };
    return m_parts->write(body, stored);
}

Result<std::vector<Patient>> Study::patients()
{
    FOVEATE_TRY(Connection * connection, m_parts->connect());
    FOVEATE_TRY(Statement select, connection->prepare("SELECT number, key, split, (SELECT count(*) FROM sample WHERE "
                                                      "sample.patient = number) FROM patient ORDER BY number"));
    std::vector<Patient> patients;
    FOVEATE_CHECK(select.each([&](const Statement& row) {
        patients.push_back(
            {row.integer(0), row.text(1), splitFromName(row.text(2)).value_or(Split::none), row.integer(3)});
    }));
    return patients;
}

Status Study::assignSplits(const std::vector<std::pair<std::int64_t, Split>>& sides)
{
    const auto body = [&](Connection& connection) -> Status {
        FOVEATE_TRY(Statement select, connection.prepare("SELECT split FROM patient WHERE number = ?1"));
        for (const auto& [patient, side] : sides) {
            FOVEATE_TRY(const bool row, select.bind(1, patient).step());
            if (!row)
                return fail(Code::notFound, {"patient", std::to_string(patient)});
            FOVEATE_TRY(const Split now, splitFromName(select.text(0)));
            select.reset();
            if (now != Split::none && now != side)
                return twoSides(std::to_string(patient), now, side);
            FOVEATE_CHECK(setSide(connection, patient, side));
        }
        // Held-out images leave the queue; the guard in the database only sees what is put in.
        return connection.execute("DELETE FROM queue WHERE sample IN (SELECT sample.id FROM sample JOIN patient ON "
                                  "patient.number = sample.patient WHERE patient.split IN ('val', 'test'))");
    };
    const auto stored = [&](Connection& connection) -> Result<bool> {
        FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM patient WHERE number = ?1 AND split = ?2"));
        return sides.empty() ? Result<bool>(true)
                             : select.bind(1, sides.front().first).bind(2, name(sides.front().second)).step();
    };
    FOVEATE_CHECK(m_parts->write(body, stored));
    m_parts->changesSinceBackup += std::int64_t(sides.size());
    return {};
}

} // namespace foveate::store
