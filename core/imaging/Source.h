// SPDX-License-Identifier: GPL-3.0-or-later
// The input file as the codecs see it: bytes at an offset, never more than there are, read through one small buffer.
//
// Positions and lengths are 64 bit. No mapping: a file cut by someone else while it is read is a short read, not a
// signal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace foveate::imaging {

class Source {
public:
    /// `fd` stays the caller's; size() is measured once.
    explicit Source(int fd);
    std::uint64_t size() const { return m_size; }
    /// Copies up to `count` bytes from `offset`; fewer only at the end of the file or when reading fails.
    std::size_t read(std::uint64_t offset, void* to, std::size_t count);

private:
    std::size_t readDirectly(std::uint64_t offset, void* to, std::size_t count) const;
    int m_fd;
    std::uint64_t m_size = 0;
    std::vector<std::byte> m_buffer;
    std::uint64_t m_start = 0; ///< offset of m_buffer[0]
    std::size_t m_held = 0;    ///< valid bytes in m_buffer
};

/// A reading position in a Source, for libraries that want a stream.
struct Cursor {
    Source& source;
    std::uint64_t at = 0;

    std::size_t read(void* to, std::size_t count)
    {
        const std::size_t got = source.read(at, to, count);
        at += got;
        return got;
    }
};

} // namespace foveate::imaging
