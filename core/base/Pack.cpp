// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Pack.h"

#include "base/AtomicFile.h"

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <limits>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace foveate {
namespace {

constexpr char kMagic[] = "FOVPACK1";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kMetadataBytes = 128;
constexpr std::size_t kCountOffset = 24;
constexpr std::uint32_t kLargestSize = 8192;

using Header = std::array<std::uint8_t, kHeaderBytes>;
using Metadata = std::array<std::uint8_t, kMetadataBytes>;

/// What a header says, once it has been checked.
struct Layout {
    PackShape shape;
    std::uint64_t count = 0;
};

std::size_t recordBytes(PackShape shape)
{
    return kMetadataBytes + shape.pixels();
}

std::uint64_t recordOffset(PackShape shape, std::uint64_t row)
{
    return kHeaderBytes + row * std::uint64_t(recordBytes(shape));
}

template <typename T> void put(std::span<std::uint8_t> bytes, std::size_t offset, const T& value)
{
    std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

template <typename T> T get(const std::uint8_t* bytes, std::size_t offset)
{
    T value;
    std::memcpy(&value, bytes + offset, sizeof(T));
    return value;
}

Header encodeHeader(PackShape shape, std::uint64_t count)
{
    Header header{};
    std::memcpy(header.data(), kMagic, 8);
    put(header, 8, kVersion);
    put(header, 12, shape.size);
    put(header, 16, shape.channels);
    put(header, 20, std::uint32_t(recordBytes(shape)));
    put(header, kCountOffset, count);
    return header;
}

bool validShape(PackShape shape)
{
    return shape.size >= 1 && shape.size <= kLargestSize && (shape.channels == 1 || shape.channels == 3);
}

Result<Layout> decodeHeader(const Header& header, std::uint64_t fileBytes, const std::string& path)
{
    if (std::memcmp(header.data(), kMagic, 8) != 0)
        return fail(Code::corrupt, {path, "not a pixel pack"});
    const auto version = get<std::uint32_t>(header.data(), 8);
    if (version > kVersion)
        return fail(Code::newerVersion, {path, std::to_string(version), std::to_string(kVersion)});
    Layout layout{{get<std::uint32_t>(header.data(), 12), get<std::uint32_t>(header.data(), 16)},
                  get<std::uint64_t>(header.data(), kCountOffset)};
    if (version == 0 || !validShape(layout.shape) || get<std::uint32_t>(header.data(), 20) != recordBytes(layout.shape))
        return fail(Code::corrupt, {path, "header"});
    if (layout.count > (fileBytes - kHeaderBytes) / recordBytes(layout.shape))
        return fail(Code::corrupt, {path, "shorter than its count"});
    return layout;
}

Status readAt(int fd, std::span<std::uint8_t> bytes, std::uint64_t offset, const std::string& path)
{
    while (!bytes.empty()) {
        const ssize_t n = ::pread(fd, bytes.data(), bytes.size(), off_t(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tl::unexpected(errnoError(errno, path));
        if (n == 0)
            return fail(Code::corrupt, {path, "cut"});
        bytes = bytes.subspan(std::size_t(n));
        offset += std::uint64_t(n);
    }
    return {};
}

Status writeAt(int fd, std::span<const std::uint8_t> bytes, std::uint64_t offset, const std::string& path)
{
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), off_t(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tl::unexpected(errnoError(errno, path));
        bytes = bytes.subspan(std::size_t(n));
        offset += std::uint64_t(n);
    }
    return {};
}

Result<Layout> readLayout(int fd, const std::string& path)
{
    struct stat info {};
    if (::fstat(fd, &info) != 0)
        return tl::unexpected(errnoError(errno, path));
    if (!S_ISREG(info.st_mode) || std::uint64_t(info.st_size) < kHeaderBytes)
        return fail(Code::corrupt, {path, "not a pixel pack"});
    Header header;
    FOVEATE_CHECK(readAt(fd, header, 0, path));
    return decodeHeader(header, std::uint64_t(info.st_size), path);
}

Metadata encodeRecord(const PackRecord& record)
{
    Metadata out{};
    put(out, 0, record.fileSha);
    put(out, 32, record.pixelSha);
    put(out, 64, record.width);
    put(out, 68, record.height);
    out[72] = record.bits;
    out[73] = std::uint8_t(record.fit);
    out[74] = record.damaged ? 1 : 0;
    put(out, 76, record.x);
    put(out, 80, record.y);
    put(out, 84, record.w);
    put(out, 88, record.h);
    put(out, 92, record.low);
    put(out, 96, record.high);
    return out;
}

PackRecord decodeRecord(const std::uint8_t* in)
{
    PackRecord record;
    record.fileSha = get<Digest>(in, 0);
    record.pixelSha = get<Digest>(in, 32);
    record.width = get<std::uint32_t>(in, 64);
    record.height = get<std::uint32_t>(in, 68);
    record.bits = in[72];
    record.fit = in[73] == 0 ? Fit::squash : Fit::pad;
    record.damaged = in[74] != 0;
    record.x = get<std::uint32_t>(in, 76);
    record.y = get<std::uint32_t>(in, 80);
    record.w = get<std::uint32_t>(in, 84);
    record.h = get<std::uint32_t>(in, 88);
    record.low = get<float>(in, 92);
    record.high = get<float>(in, 96);
    return record;
}

Status writeRecord(int fd, PackShape shape, std::uint64_t row, const PackRecord& record,
                   std::span<const std::uint8_t> pixels, const std::string& path)
{
    const std::uint64_t offset = recordOffset(shape, row);
    FOVEATE_CHECK(writeAt(fd, encodeRecord(record), offset, path));
    return writeAt(fd, pixels, offset + kMetadataBytes, path);
}

Status syncData(int fd, const std::string& path)
{
    if (::fdatasync(fd) != 0)
        return tl::unexpected(errnoError(errno, path));
    return {};
}

std::string folderOf(const std::string& path)
{
    const std::string parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

Status createEmpty(int fd, PackShape shape, const std::string& path)
{
    FOVEATE_CHECK(writeAt(fd, encodeHeader(shape, 0), 0, path));
    FOVEATE_CHECK(syncData(fd, path));
    return syncFolder(folderOf(path));
}

/// The number of committed records; what lies behind them (a writer that died) is cut off.
Result<std::size_t> openExisting(int fd, PackShape shape, const std::string& path)
{
    FOVEATE_TRY(const Layout layout, readLayout(fd, path));
    if (layout.shape != shape)
        return fail(Code::wrongShape,
                    {path, std::to_string(layout.shape.size) + "x" + std::to_string(layout.shape.channels),
                     std::to_string(shape.size) + "x" + std::to_string(shape.channels)});
    if (::ftruncate(fd, off_t(recordOffset(shape, layout.count))) != 0)
        return tl::unexpected(errnoError(errno, path));
    return std::size_t(layout.count);
}

} // namespace

Result<Pack> Pack::open(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return fail(Code::notFound, {"pack", path});
    if (fd < 0)
        return tl::unexpected(errnoError(errno, path));
    const Result<Layout> layout = readLayout(fd, path);
    if (!layout) {
        ::close(fd);
        return tl::unexpected(layout.error());
    }
    const std::size_t bytes = std::size_t(recordOffset(layout->shape, layout->count));
    void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
    const int error = errno;
    ::close(fd);
    if (mapped == MAP_FAILED)
        return tl::unexpected(errnoError(error, path));
    Pack pack;
    pack.m_shape = layout->shape;
    pack.m_count = std::size_t(layout->count);
    pack.m_mapping = std::shared_ptr<const std::uint8_t>(
        static_cast<const std::uint8_t*>(mapped), [mapped, bytes](const std::uint8_t*) { ::munmap(mapped, bytes); });
    return pack;
}

PackRecord Pack::record(std::size_t row) const
{
    assert(row < m_count);
    return decodeRecord(m_mapping.get() + recordOffset(m_shape, row));
}

std::span<const std::uint8_t> Pack::pixels(std::size_t row) const
{
    assert(row < m_count);
    return {m_mapping.get() + recordOffset(m_shape, row) + kMetadataBytes, m_shape.pixels()};
}

Result<PackWriter> PackWriter::open(const std::string& path, PackShape shape)
{
    if (!validShape(shape))
        return fail(Code::wrongShape, {path, std::to_string(shape.size) + "x" + std::to_string(shape.channels),
                                       "1 to 8192 pixels, 1 or 3 channels"});
    PackWriter writer;
    writer.m_path = path;
    writer.m_shape = shape;
    writer.m_fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (writer.m_fd < 0)
        return tl::unexpected(errnoError(errno, path));
    struct stat info {};
    if (::fstat(writer.m_fd, &info) != 0)
        return tl::unexpected(errnoError(errno, path));
    if (S_ISREG(info.st_mode) && info.st_size == 0) {
        FOVEATE_CHECK(createEmpty(writer.m_fd, shape, path));
        return writer;
    }
    FOVEATE_TRY(writer.m_count, openExisting(writer.m_fd, shape, path));
    return writer;
}

PackWriter::PackWriter(PackWriter&& other) noexcept
    : m_fd(std::exchange(other.m_fd, -1)), m_path(std::move(other.m_path)), m_shape(other.m_shape),
      m_count(other.m_count)
{}

PackWriter& PackWriter::operator=(PackWriter&& other) noexcept
{
    std::swap(m_fd, other.m_fd);
    std::swap(m_path, other.m_path);
    std::swap(m_shape, other.m_shape);
    std::swap(m_count, other.m_count);
    return *this;
}

PackWriter::~PackWriter()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

Result<std::size_t> PackWriter::append(const PackRecord& record, std::span<const std::uint8_t> pixels)
{
    assert(pixels.size() == m_shape.pixels());
    FOVEATE_CHECK(writeRecord(m_fd, m_shape, m_count, record, pixels, m_path));
    return m_count++;
}

Status PackWriter::commit()
{
    FOVEATE_CHECK(syncData(m_fd, m_path));
    FOVEATE_CHECK(writeAt(m_fd, encodeHeader(m_shape, m_count), 0, m_path));
    return syncData(m_fd, m_path);
}

Status PackWriter::rebuild(std::size_t row, const PackRecord& record, std::span<const std::uint8_t> pixels)
{
    assert(row < m_count && pixels.size() == m_shape.pixels());
    FOVEATE_CHECK(writeRecord(m_fd, m_shape, row, record, pixels, m_path));
    return syncData(m_fd, m_path);
}

} // namespace foveate
