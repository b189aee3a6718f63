// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/AtomicFile.h"
#include "base/Log.h"
#include "base/Text.h"
#include "store/Backup.h"
#include "store/Chain.h"
#include "store/Migrations.h"
#include "store/StudyParts.h"
#include "store/Uuid.h"
#include "store/Verify.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/statvfs.h>
#include <unistd.h>

namespace foveate::store {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kBackupEvery = 200;         // changes; on request (maintain)
constexpr std::int64_t kBackupAtLatest = 1000;     // changes; without being asked
constexpr const char* kMultiLabel = "multi_label"; // there in multi-label studies alone
constexpr off_t kBallast = 16 << 20;               // bytes: some 20,000 labels

/// Links in the path above the project are the user's business; the files inside may not be links.
Result<std::string> realFolder(const std::string& folder)
{
    std::error_code error;
    const fs::path real = fs::canonical(fs::path(folder), error);
    if (error || !fs::is_directory(real, error))
        return fail(Code::notFound, {"project", folder});
    return real.string();
}

bool exists(const std::string& path)
{
    return ::access(path.c_str(), F_OK) == 0;
}

Opening completed(Opening opening)
{
    const Owner here = thisOwner();
    if (opening.owner.user.empty())
        opening.owner.user = here.user;
    if (opening.owner.host.empty())
        opening.owner.host = here.host;
    if (opening.owner.since.empty())
        opening.owner.since = here.since;
    if (opening.writer.empty())
        opening.writer = installationId();
    return opening;
}

Status putValue(Connection& connection, std::string_view key, const std::string& value)
{
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO project (key, value) VALUES (?1, ?2)"));
    return insert.bind(1, key).bind(2, value).run();
}

Result<bool> hasValue(Connection& connection, std::string_view key)
{
    FOVEATE_TRY(Statement select, connection.prepare("SELECT 1 FROM project WHERE key = ?1"));
    return select.bind(1, key).step();
}

Result<std::string> value(Connection& connection, std::string_view key)
{
    FOVEATE_TRY(Statement select, connection.prepare("SELECT value FROM project WHERE key = ?1"));
    FOVEATE_TRY(const bool row, select.bind(1, key).step());
    if (!row)
        return fail(Code::corrupt, {"project", std::string(key), "missing"});
    return select.text(0);
}

Status writeIdentity(Connection& connection, const ProjectFile& project)
{
    FOVEATE_CHECK(putValue(connection, "uuid", project.uuid));
    FOVEATE_CHECK(putValue(connection, "modality", project.modality));
    if (project.multiLabel)
        FOVEATE_CHECK(putValue(connection, kMultiLabel, "1"));
    FOVEATE_CHECK(putValue(connection, "pack_size", std::to_string(project.packSize)));
    FOVEATE_CHECK(putValue(connection, "fit", project.fit));
    FOVEATE_TRY(Statement insert, connection.prepare("INSERT INTO class (number, name) VALUES (?1, ?2)"));
    for (std::size_t i = 0; i < project.classes.size(); ++i)
        FOVEATE_CHECK(insert.bind(1, std::int64_t(i)).bind(2, project.classes[i]).run());
    return {};
}

template <typename T> void adopt(T& field, const T& stored, const char* key, std::vector<std::string>& differences)
{
    if (field == stored)
        return;
    field = stored;
    differences.emplace_back(key);
}

/// The database wins; what project.toml said otherwise is named.
Status adoptIdentity(Connection& connection, ProjectFile& project, std::vector<std::string>& differences)
{
    FOVEATE_TRY(const std::string uuid, value(connection, "uuid"));
    FOVEATE_TRY(const std::string modality, value(connection, "modality"));
    FOVEATE_TRY(const std::string packSize, value(connection, "pack_size"));
    FOVEATE_TRY(const std::string fit, value(connection, "fit"));
    FOVEATE_TRY(const bool multiLabel, hasValue(connection, kMultiLabel));
    std::vector<std::string> classes;
    FOVEATE_TRY(Statement select, connection.prepare("SELECT name FROM class ORDER BY number"));
    FOVEATE_CHECK(select.each([&](const Statement& row) { classes.push_back(row.text(0)); }));
    adopt(project.uuid, uuid, "uuid", differences);
    adopt(project.classes, classes, "classes", differences);
    adopt(project.multiLabel, multiLabel, kMultiLabel, differences);
    adopt(project.modality, modality, "modality", differences);
    adopt(project.packSize, std::atoi(packSize.c_str()), "pack_size", differences);
    adopt(project.fit, fit, "fit", differences);
    return {};
}

/// project.toml can be lost without harm: what matters is in the database.
Result<ProjectFile> projectOrDefaults(const std::string& folder)
{
    const std::string path = folder + "/project.toml";
    auto read = readProjectFile(path);
    if (read || read.error().code != Code::notFound)
        return read;
    ProjectFile defaults;
    defaults.name = fs::path(folder).stem().string();
    return defaults;
}

/// An end without goodbye leaves its log behind.
bool endedUncleanly(const std::string& databasePath)
{
    std::error_code error;
    const auto size = fs::file_size(databasePath + "-wal", error);
    return !error && size > 0;
}

Status quickCheck(Connection& connection)
{
    FOVEATE_TRY(Statement statement, connection.prepare("PRAGMA quick_check(1)"));
    FOVEATE_TRY(const bool row, statement.step());
    if (!row || statement.text(0) != "ok")
        return fail(Code::corrupt, {connection.path(), row ? statement.text(0) : "quick_check"});
    return {};
}

Status checkOnOpening(Connection& connection, const std::string& folder, const Heads& heads, bool unclean)
{
    FOVEATE_CHECK(quickCheck(connection));
    FOVEATE_CHECK(verifySchema(connection));
    FOVEATE_CHECK(checkHeads(connection, heads));
    FOVEATE_CHECK(verifyBackupAnchors(connection, folder));
    return unclean ? verifyChain(connection) : Status();
}

Status makeFolders(const std::string& folder)
{
    for (const char* leaf : {"/runs", "/backup", "/cache"})
        FOVEATE_CHECK(makeFolder(folder + leaf));
    return {};
}

Status refuseForeignFolder(const std::string& folder)
{
    std::error_code error;
    if (!fs::exists(fs::path(folder), error))
        return {};
    if (!fs::is_directory(fs::path(folder), error) || !fs::is_empty(fs::path(folder), error))
        return fail(Code::alreadyExists, {folder});
    return {};
}

} // namespace

// --- Parts --------------------------------------------------------------------------------------

Status Study::Parts::openDatabase()
{
    FOVEATE_TRY(Connection opened, Connection::open(file("labels.sqlite"), Access::readWrite, opening.durability));
    connection.emplace(std::move(opened));
    return {};
}

Result<Connection*> Study::Parts::connect()
{
    if (!connection)
        FOVEATE_CHECK(openDatabase());
    return &*connection;
}

Status Study::Parts::backup()
{
    FOVEATE_TRY(Connection * database, connect());
    FOVEATE_TRY(Statement select, database->prepare("SELECT hash FROM event ORDER BY seq DESC LIMIT 1"));
    FOVEATE_TRY(const bool row, select.step());
    const std::string head = row ? select.text(0) : std::string();
    select.reset();
    FOVEATE_CHECK(makeBackup(*database, file("backup"), head));
    changesSinceBackup = 0;
    return {};
}

Status Study::Parts::transact(const std::function<Status(Connection&)>& body)
{
    FOVEATE_TRY(Connection * database, connect());
    FOVEATE_TRY(Transaction transaction, Transaction::begin(*database));
    FOVEATE_CHECK(body(*database));
    return transaction.commit();
}

Status Study::Parts::write(const std::function<Status(Connection&)>& body,
                           const std::function<Result<bool>(Connection&)>& stored)
{
    if (readOnly)
        return fail(Code::locked, {opening.owner.user, opening.owner.host, opening.owner.since});
    for (;;) {
        Status done = transact(body);
        if (done)
            return {};
        const Code code = done.error().code;
        if (code != Code::noSpace && code != Code::io && code != Code::unknownCommit && code != Code::corrupt)
            return done;
        // The failed connection's view of the file is not to be trusted.
        connection.reset();
        const bool roomMade = code == Code::noSpace && releaseBallast();
        auto again = connect();
        if (!again)
            return code == Code::noSpace ? done : Status(fail(Code::unknownCommit, {file("labels.sqlite")}));
        FOVEATE_TRY(const bool there, stored(**again));
        if (there)
            return {};
        if (!roomMade)
            return code == Code::unknownCommit ? Status(fail(Code::io, {file("labels.sqlite"), "not stored"})) : done;
    }
}

bool Study::Parts::releaseBallast()
{
    return ::unlink(file("cache/ballast").c_str()) == 0;
}

void Study::Parts::keepBallast()
{
    struct statvfs disk {};
    const std::string path = file("cache/ballast");
    if (!opening.ballast || exists(path) || ::statvfs(folder.c_str(), &disk) != 0)
        return;
    // On a nearly full disk it would be the ballast that fills it.
    if (disk.f_bavail * disk.f_frsize < std::uint64_t(kBallast) * 8)
        return;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (::posix_fallocate(fd, 0, kBallast) != 0)
        ::unlink(path.c_str());
    ::close(fd);
}

void Study::Parts::noteStored(const std::vector<Event>& events)
{
    changesSinceBackup += std::int64_t(events.size());
    if (!events.empty()) {
        heads[writer] = events.back().hash;
        if (const Status written = writeHeads(file("heads"), heads); !written)
            log::warning("heads not written: " + describe(written.error()));
    }
    if (changesSinceBackup < kBackupAtLatest)
        return;
    if (const Status made = backup(); !made)
        log::warning("backup not made: " + describe(made.error()));
}

// --- Study --------------------------------------------------------------------------------------

Study::Study(std::unique_ptr<Parts> parts) : m_parts(std::move(parts))
{}
Study::Study(Study&&) noexcept = default;

Study& Study::operator=(Study&& other) noexcept
{
    std::swap(m_parts, other.m_parts);
    return *this;
}

Study::~Study()
{
    if (const Status closed = close(); !closed)
        log::warning("project not closed cleanly: " + describe(closed.error()));
}

Result<Study> Study::create(const std::string& folder, ProjectFile project, const Opening& opening)
{
    if (project.uuid.empty())
        project.uuid = newUuid();
    if (project.name.empty())
        project.name = printable(fs::path(folder).stem().string());
    FOVEATE_CHECK(checkProject(project, folder));
    FOVEATE_CHECK(refuseForeignFolder(folder));
    FOVEATE_CHECK(makeFolder(folder));
    FOVEATE_TRY(const std::string real, realFolder(folder));
    {
        FOVEATE_TRY(const Lock lock, Lock::acquire(real + "/lock", completed(opening).owner));
        FOVEATE_CHECK(makeFolders(real));
        FOVEATE_TRY(Connection connection,
                    Connection::open(real + "/labels.sqlite", Access::create, opening.durability));
        FOVEATE_CHECK(migrate(connection, labelsSchema()));
        FOVEATE_TRY(Transaction transaction, Transaction::begin(connection));
        FOVEATE_CHECK(writeIdentity(connection, project));
        FOVEATE_CHECK(transaction.commit());
        FOVEATE_CHECK(connection.close());
        FOVEATE_CHECK(writeProjectFile(real + "/project.toml", project));
    }
    FOVEATE_TRY(Study study, openOwner(real, opening));
    FOVEATE_CHECK(study.m_parts->backup());
    return study;
}

Result<Study> Study::openOwner(const std::string& folder, const Opening& opening)
{
    auto parts = std::make_unique<Parts>();
    FOVEATE_TRY(parts->folder, realFolder(folder));
    if (!exists(parts->file("labels.sqlite")))
        return fail(Code::notFound, {"project", folder});
    parts->opening = completed(opening);
    parts->writer = parts->opening.writer;
    FOVEATE_TRY(Lock lock, Lock::acquire(parts->file("lock"), parts->opening.owner));
    parts->lock.emplace(std::move(lock));
    const bool unclean = endedUncleanly(parts->file("labels.sqlite"));
    FOVEATE_CHECK(makeFolders(parts->folder));
    FOVEATE_CHECK(parts->openDatabase());
    FOVEATE_CHECK(migrate(*parts->connection, labelsSchema(), [&] { return parts->backup(); }));
    parts->heads = readHeads(parts->file("heads"));
    FOVEATE_CHECK(checkOnOpening(*parts->connection, parts->folder, parts->heads, unclean));
    FOVEATE_TRY(parts->project, projectOrDefaults(parts->folder));
    FOVEATE_CHECK(adoptIdentity(*parts->connection, parts->project, parts->differences));
    FOVEATE_TRY(IndexStore index, IndexStore::open(parts->file("index.sqlite")));
    parts->index.emplace(std::move(index));
    parts->keepBallast();
    // What an unclean end left is worth a copy at the next chance.
    parts->changesSinceBackup = unclean ? kBackupEvery : 0;
    return Study(std::move(parts));
}

Result<Study> Study::openFromBackup(const std::string& folder)
{
    auto parts = std::make_unique<Parts>();
    parts->readOnly = true;
    FOVEATE_TRY(parts->folder, realFolder(folder));
    for (const BackupFile& backup : listBackups(parts->file("backup"))) {
        auto opened = Connection::open(backup.path, Access::frozen);
        // A copy from an older program lacks tables that we would ask for.
        if (!opened || !verifySchema(*opened))
            continue;
        parts->connection.emplace(std::move(*opened));
        parts->backupTime = backup.time;
        break;
    }
    if (!parts->connection)
        return fail(Code::notFound, {"backup", folder});
    parts->opening.owner = readOwner(parts->file("lock"));
    FOVEATE_TRY(parts->project, projectOrDefaults(parts->folder));
    FOVEATE_CHECK(adoptIdentity(*parts->connection, parts->project, parts->differences));
    FOVEATE_TRY(IndexStore index, IndexStore::inMemory());
    parts->index.emplace(std::move(index));
    return Study(std::move(parts));
}

Status Study::close()
{
    if (!m_parts)
        return {};
    const std::unique_ptr<Parts> parts = std::move(m_parts);
    if (parts->readOnly)
        return {};
    Status backedUp = parts->changesSinceBackup > 0 ? parts->backup() : Status();
    parts->index.reset();
    if (parts->connection)
        FOVEATE_CHECK(parts->connection->close());
    return backedUp;
}

Status Study::maintain()
{
    if (m_parts->readOnly)
        return {};
    // What the log holds goes into the file now, so that no COMMIT has to do it.
    FOVEATE_TRY(Connection * database, m_parts->connect());
    FOVEATE_CHECK(database->execute("PRAGMA wal_checkpoint(PASSIVE)"));
    if (m_parts->changesSinceBackup < kBackupEvery)
        return {};
    m_parts->keepBallast();
    return m_parts->backup();
}

Status Study::setProject(const ProjectFile& project)
{
    const ProjectFile& now = m_parts->project;
    FOVEATE_CHECK(checkProject(project, m_parts->file("project.toml")));
    if (m_parts->readOnly)
        return fail(Code::locked,
                    {m_parts->opening.owner.user, m_parts->opening.owner.host, m_parts->opening.owner.since});
    if (project.uuid != now.uuid || project.classes != now.classes || project.modality != now.modality ||
        project.multiLabel != now.multiLabel || project.packSize != now.packSize || project.fit != now.fit)
        return fail(Code::usage, {"project.toml", "uuid, classes, multi_label, modality, pack_size and fit stay"});
    FOVEATE_CHECK(writeProjectFile(m_parts->file("project.toml"), project));
    m_parts->project = project;
    m_parts->differences.clear();
    return {};
}

bool Study::readOnly() const
{
    return m_parts->readOnly;
}

const std::string& Study::folder() const
{
    return m_parts->folder;
}

const std::string& Study::backupTime() const
{
    return m_parts->backupTime;
}

const ProjectFile& Study::project() const
{
    return m_parts->project;
}

const std::vector<std::string>& Study::differences() const
{
    return m_parts->differences;
}

const std::string& Study::writer() const
{
    return m_parts->writer;
}

IndexStore& Study::index()
{
    return *m_parts->index;
}

Result<Connection*> Study::database()
{
    return m_parts->connect();
}

} // namespace foveate::store
