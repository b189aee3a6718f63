// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/files/StoredZip.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace foveate::learn::files {
namespace {

constexpr std::uint64_t kEntryLimit = 100000;
constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;

/// Little-endian numbers of a file; reading outside gives 0 and is remembered.
class Bytes {
public:
    explicit Bytes(std::string_view file) : m_file(file) {}
    std::uint64_t number(std::uint64_t at, int width)
    {
        if (!has(at, std::uint64_t(width))) {
            m_failed = true;
            return 0;
        }
        std::uint64_t value = 0;
        for (int i = width - 1; i >= 0; --i)
            value = value << 8 | std::uint8_t(m_file[at + std::uint64_t(i)]);
        return value;
    }
    std::string_view text(std::uint64_t at, std::uint64_t length)
    {
        if (!has(at, length)) {
            m_failed = true;
            return {};
        }
        return m_file.substr(at, length);
    }
    bool failed() const { return m_failed; }

private:
    bool has(std::uint64_t at, std::uint64_t length) const
    {
        return at <= m_file.size() && length <= m_file.size() - at;
    }
    std::string_view m_file;
    bool m_failed = false;
};

struct Directory {
    std::uint64_t at = 0, count = 0;
};

/// The end record stands in the last 64 kB; there is one, or it is no zip.
Result<Directory> findDirectory(std::string_view file, Bytes& bytes, const std::string& origin)
{
    const std::string mark("PK\5\6");
    const std::size_t end = file.size() < 22 ? std::string_view::npos : file.rfind(mark, file.size() - 22);
    if (end == std::string_view::npos || file.size() - end > 22 + 0xffff || bytes.number(0, 4) != kLocal)
        return fail(Code::unsupported, {origin, "no zip archive"});
    Directory directory{bytes.number(end + 16, 4), bytes.number(end + 10, 2)};
    if (end >= 20 && bytes.number(end - 20, 4) == kLocator64) {
        const std::uint64_t end64 = bytes.number(end - 12, 8);
        if (bytes.number(end64, 4) != kEnd64)
            return fail(Code::corrupt, {origin, "zip64 record"});
        directory = {bytes.number(end64 + 48, 8), bytes.number(end64 + 32, 8)};
    }
    if (bytes.failed() || bytes.number(end, 4) != kEnd || directory.count > kEntryLimit)
        return fail(Code::corrupt, {origin, "zip directory"});
    return directory;
}

struct Entry {
    std::string name;
    std::uint64_t size = 0, local = 0, data = 0;
    std::uint64_t headerLength = 0;
    bool stored = false;
};

/// Sizes and offsets too large for 32 bits stand in the extra field 1, in this order, as far as they are needed.
void readZip64(Bytes& bytes, std::uint64_t at, std::uint64_t length, Entry& entry, std::uint64_t& packed)
{
    const std::uint64_t end = at + length;
    while (at + 4 <= end) {
        const std::uint64_t id = bytes.number(at, 2), size = bytes.number(at + 2, 2);
        std::uint64_t place = at + 4;
        if (id == 1) {
            for (std::uint64_t* value : {&entry.size, &packed, &entry.local})
                if (*value == 0xffffffff) {
                    *value = bytes.number(place, 8);
                    place += 8;
                }
            return;
        }
        at += 4 + size;
    }
}

Result<Entry> readEntry(Bytes& bytes, std::uint64_t at, const std::string& origin)
{
    if (bytes.number(at, 4) != kCentral)
        return fail(Code::corrupt, {origin, "zip directory"});
    Entry entry;
    const std::uint64_t flags = bytes.number(at + 8, 2), method = bytes.number(at + 10, 2);
    const std::uint64_t nameLength = bytes.number(at + 28, 2), extra = bytes.number(at + 30, 2);
    std::uint64_t packed = bytes.number(at + 20, 4);
    entry.size = bytes.number(at + 24, 4);
    entry.local = bytes.number(at + 42, 4);
    entry.name = bytes.text(at + 46, nameLength);
    entry.headerLength = 46 + nameLength + extra + bytes.number(at + 32, 2);
    readZip64(bytes, at + 46 + nameLength, extra, entry, packed);
    entry.stored = (flags & 1) == 0 && method == 0;
    entry.data = entry.local + 30 + bytes.number(entry.local + 26, 2) + bytes.number(entry.local + 28, 2);
    if (bytes.failed() || (entry.stored && packed != entry.size) || bytes.number(entry.local, 4) != kLocal ||
        bytes.text(entry.local + 30, nameLength) != entry.name)
        return fail(Code::corrupt, {origin, "zip entry"});
    return entry;
}

} // namespace

Result<std::map<std::string, std::string_view>> openStoredZip(std::string_view file, const std::string& origin)
{
    Bytes bytes(file);
    FOVEATE_TRY(const Directory directory, findDirectory(file, bytes, origin));
    std::map<std::string, std::string_view> entries;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> extents;
    std::uint64_t at = directory.at;
    for (std::uint64_t i = 0; i < directory.count; ++i) {
        FOVEATE_TRY(const Entry entry, readEntry(bytes, at, origin));
        at += entry.headerLength;
        if (!entry.stored)
            continue;
        const std::string_view data = bytes.text(entry.data, entry.size);
        if (bytes.failed() || !entries.emplace(entry.name, data).second)
            return fail(Code::corrupt, {origin, "zip entry"});
        extents.emplace_back(entry.local, entry.data + entry.size);
    }
    std::sort(extents.begin(), extents.end());
    for (std::size_t i = 1; i < extents.size(); ++i)
        if (extents[i].first < extents[i - 1].second)
            return fail(Code::corrupt, {origin, "zip entries overlap"});
    return entries;
}

} // namespace foveate::learn::files
