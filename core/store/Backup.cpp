// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Backup.h"

#include "base/AtomicFile.h"
#include "base/Text.h"
#include "store/Anchors.h"
#include "store/Chain.h"
#include "store/Lock.h"
#include "store/Uuid.h"
#include "store/Verify.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <unistd.h>

namespace foveate::store {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kNewest = 5;
constexpr std::size_t kDays = 7;
constexpr std::string_view kPrefix = "labels-";
constexpr std::string_view kSuffix = ".sqlite";

/// "2026-03-01T12:00:00.123Z" → "20260301T120000.123Z": no colons, which some file systems refuse.
std::string compact(std::string time)
{
    std::erase(time, ':');
    std::erase(time, '-');
    return time;
}

/// The other way; "" when it is none.
std::string expanded(const std::string& t)
{
    if (t.size() != 20 || t[8] != 'T' || t[19] != 'Z')
        return {};
    return t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 5) + ":" + t.substr(11, 2) + ":" + t.substr(13);
}

Status sync(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return tl::unexpected(errnoError(errno, path));
    const bool synced = ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (!synced)
        return tl::unexpected(errnoError(error, path));
    return {};
}

Status publish(const std::string& temporary, const std::string& path)
{
    FOVEATE_CHECK(sync(temporary));
    if (std::rename(temporary.c_str(), path.c_str()) != 0)
        return tl::unexpected(errnoError(errno, path));
    return syncFolder(fs::path(path).parent_path().string());
}

Status checkPages(const std::string& path)
{
    FOVEATE_TRY(Connection copy, Connection::open(path, Access::frozen));
    return verifyPages(copy);
}

Status copyInto(Connection& connection, const std::string& path)
{
    FOVEATE_TRY(Statement vacuum, connection.prepare("VACUUM INTO ?1"));
    FOVEATE_CHECK(vacuum.bind(1, path).run());
    return checkPages(path);
}

void removeOld(const std::string& folder)
{
    const std::vector<BackupFile> backups = listBackups(folder);
    std::set<std::string> days;
    for (std::size_t i = 0; i < backups.size(); ++i) {
        const bool firstOfDay = days.insert(backups[i].time.substr(0, 10)).second;
        if (i >= kNewest && !(firstOfDay && days.size() <= kDays))
            ::unlink(backups[i].path.c_str());
    }
}

void moveAside(const std::string& from, const std::string& to)
{
    static_cast<void>(std::rename(from.c_str(), to.c_str()));
}

Result<BackupFile> newestSound(const std::string& backupFolder)
{
    for (const BackupFile& backup : listBackups(backupFolder)) {
        auto copy = Connection::open(backup.path, Access::frozen);
        if (copy && verifyPages(*copy) && verifyChain(*copy))
            return backup;
        // Its name must not anchor a history that nobody has any more.
        moveAside(backup.path, backup.path + ".damaged");
    }
    return fail(Code::notFound, {"backup", backupFolder});
}

Status copyFile(const std::string& from, const std::string& to)
{
    std::error_code error;
    fs::copy_file(fs::path(from), fs::path(to), error);
    if (error)
        return tl::unexpected(errnoError(error.value(), to));
    return {};
}

Status anchorAnew(const std::string& projectFolder)
{
    FOVEATE_TRY(Connection connection, Connection::open(projectFolder + "/labels.sqlite", Access::readWrite));
    FOVEATE_TRY(const auto heads, allHeads(connection));
    return writeHeads(projectFolder + "/heads", Heads(heads.begin(), heads.end()));
}

} // namespace

Status makeBackup(Connection& connection, const std::string& backupFolder, const std::string& head)
{
    FOVEATE_CHECK(makeFolder(backupFolder));
    const std::string anchor = head.empty() ? "empty" : head.substr(0, 8);
    const std::string path =
        backupFolder + "/" + std::string(kPrefix) + compact(isoTimeUtc()) + "-" + anchor + std::string(kSuffix);
    const std::string temporary = backupFolder + "/.partial-" + newUuid();
    Status made = copyInto(connection, temporary);
    if (made)
        made = publish(temporary, path);
    if (!made) {
        ::unlink(temporary.c_str());
        return made;
    }
    removeOld(backupFolder);
    return {};
}

std::vector<BackupFile> listBackups(const std::string& backupFolder)
{
    std::vector<BackupFile> backups;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(backupFolder), error)) {
        const std::string leaf = entry.path().filename().string();
        if (!leaf.starts_with(kPrefix) || !leaf.ends_with(kSuffix) || leaf.size() < kPrefix.size() + 20)
            continue;
        const std::string time = expanded(leaf.substr(kPrefix.size(), 20));
        if (!time.empty())
            backups.push_back({entry.path().string(), time});
    }
    std::sort(backups.begin(), backups.end(), [](const BackupFile& a, const BackupFile& b) { return a.path > b.path; });
    return backups;
}

Result<std::string> restoreBackup(const std::string& projectFolder)
{
    FOVEATE_TRY(const Lock lock, Lock::acquire(projectFolder + "/lock", thisOwner()));
    FOVEATE_TRY(const BackupFile backup, newestSound(projectFolder + "/backup"));
    const std::string database = projectFolder + "/labels.sqlite";
    const std::string temporary = database + ".partial-" + newUuid();
    FOVEATE_CHECK(copyFile(backup.path, temporary));
    const std::string aside = projectFolder + "/labels.damaged-" + compact(isoTimeUtc()) + ".sqlite";
    moveAside(database, aside);
    moveAside(database + "-wal", aside + "-wal");
    FOVEATE_CHECK(publish(temporary, database));
    FOVEATE_CHECK(anchorAnew(projectFolder));
    return backup.time;
}

} // namespace foveate::store
