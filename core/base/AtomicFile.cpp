// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/AtomicFile.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace foveate {
namespace fs = std::filesystem;
namespace {

using Pieces = std::span<const std::string_view>;

/// Closes on scope exit; close() reports what the kernel says.
class Descriptor {
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    int get() const { return m_fd; }
    int close()
    {
        const int fd = m_fd;
        m_fd = -1;
        return ::close(fd);
    }

private:
    int m_fd;
};

Status writeAll(int fd, std::string_view content, const std::string& path)
{
    while (!content.empty()) {
        const ssize_t n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tl::unexpected(errnoError(errno, path));
        content.remove_prefix(std::size_t(n));
    }
    return {};
}

/// In slices that go to the disk while the next one is written: a file of a hundred megabytes handed over at once by
/// fsync would let everybody else's fsync, a label's too, wait for all of it.
Status writeInSlices(int fd, Pieces pieces, const std::string& path)
{
    constexpr std::size_t kSlice = std::size_t(4) << 20;
    constexpr unsigned kAndWait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    std::size_t written = 0, slice = 0; // where the present one began
    for (std::string_view piece : pieces)
        while (!piece.empty()) {
            const std::string_view part = piece.substr(0, slice + kSlice - written);
            FOVEATE_CHECK(writeAll(fd, part, path));
            piece.remove_prefix(part.size());
            written += part.size();
            if (written < slice + kSlice)
                continue;
            // Advice: what fails here shows at fsync.
            ::sync_file_range(fd, off_t(slice), off_t(kSlice), SYNC_FILE_RANGE_WRITE);
            if (slice > 0)
                ::sync_file_range(fd, off_t(slice - kSlice), off_t(kSlice), kAndWait);
            slice = written;
        }
    return {};
}

Status writeAndSync(const std::string& temporary, Pieces pieces, const std::string& path)
{
    Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (fd.get() < 0)
        return tl::unexpected(errnoError(errno, path));
    FOVEATE_CHECK(writeInSlices(fd.get(), pieces, path));
    if (::fsync(fd.get()) != 0 || fd.close() != 0)
        return tl::unexpected(errnoError(errno, path));
    return {};
}

Status syncFile(const std::string& path)
{
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0)
        return tl::unexpected(errnoError(errno, path));
    return {};
}

std::string folderOf(const std::string& path)
{
    const std::string parent = fs::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

} // namespace

Status writeFileAtomically(const std::string& path, std::string_view content)
{
    return writeFileAtomically(path, Pieces(&content, 1));
}

Status writeFileAtomically(const std::string& path, Pieces pieces)
{
    static std::atomic<unsigned> s_counter{0};
    std::error_code ignored;
    if (fs::is_symlink(fs::path(path), ignored))
        return fail(Code::io, {path, "a symbolic link is not replaced"});
    const std::string temporary = path + ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(s_counter++);
    Status written = writeAndSync(temporary, pieces, path);
    if (written && std::rename(temporary.c_str(), path.c_str()) != 0)
        written = tl::unexpected(errnoError(errno, path));
    if (!written) {
        ::unlink(temporary.c_str());
        return written;
    }
    return syncFolder(folderOf(path));
}

Status appendLine(const std::string& path, std::string_view line)
{
    const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (fd.get() < 0)
        return tl::unexpected(errnoError(errno, path));
    return writeAll(fd.get(), std::string(line) + "\n", path);
}

Result<std::string> readFile(const std::string& path, std::size_t limit)
{
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return fail(Code::notFound, {"file", path});
        return tl::unexpected(errnoError(errno, path));
    }
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0)
        return tl::unexpected(errnoError(errno, path));
    if (!S_ISREG(info.st_mode))
        return fail(Code::io, {path, "not a regular file"});
    if (std::size_t(info.st_size) > limit)
        return fail(Code::tooLarge, {path, std::to_string(limit)});
    std::string content(std::size_t(info.st_size), '\0');
    std::size_t have = 0;
    while (have < content.size()) {
        const ssize_t n = ::read(fd.get(), content.data() + have, content.size() - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tl::unexpected(errnoError(errno, path));
        if (n == 0)
            break;
        have += std::size_t(n);
    }
    content.resize(have);
    return content;
}

Status syncFolder(const std::string& folder)
{
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0)
        return tl::unexpected(errnoError(errno, folder));
    return {};
}

Status makeFolder(const std::string& folder)
{
    std::error_code error;
    if (fs::is_directory(folder, error))
        return {};
    const std::string parent = folderOf(folder);
    if (parent != folder && !fs::exists(parent, error))
        FOVEATE_CHECK(makeFolder(parent));
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return tl::unexpected(errnoError(errno, folder));
    if (!fs::is_directory(folder, error))
        return fail(Code::alreadyExists, {folder});
    return {};
}

Status publishFolder(const std::string& temporary, const std::string& final)
{
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(temporary, error))
        FOVEATE_CHECK(syncFile(entry.path().string()));
    if (error)
        return fail(Code::io, {temporary, error.message()});
    FOVEATE_CHECK(syncFolder(temporary));
    if (std::rename(temporary.c_str(), final.c_str()) != 0)
        return tl::unexpected(errnoError(errno, final));
    return syncFolder(folderOf(final));
}

} // namespace foveate
