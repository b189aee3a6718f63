// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace foveate::imaging {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

} // namespace

Source::Source(int fd) : m_fd(fd), m_buffer(kBlock)
{
    const off_t end = lseek(fd, 0, SEEK_END);
    m_size = end > 0 ? std::uint64_t(end) : 0;
}

std::size_t Source::readDirectly(std::uint64_t offset, void* to, std::size_t count) const
{
    std::size_t done = 0;
    while (done < count) {
        const ssize_t got = pread(m_fd, static_cast<char*>(to) + done, count - done, off_t(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += std::size_t(got);
    }
    return done;
}

std::size_t Source::read(std::uint64_t offset, void* to, std::size_t count)
{
    if (offset >= m_size)
        return 0;
    count = std::size_t(std::min<std::uint64_t>(count, m_size - offset));
    if (count > kBlock / 2)
        return readDirectly(offset, to, count);
    if (offset < m_start || offset + count > m_start + m_held) {
        m_start = offset;
        m_held = readDirectly(offset, m_buffer.data(), kBlock);
        count = std::min(count, m_held);
    }
    std::memcpy(to, m_buffer.data() + (offset - m_start), count);
    return count;
}

} // namespace foveate::imaging
