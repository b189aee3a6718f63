// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Sha256.h"

#include "base/Sha256Block.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace foveate {

void Sha256::block(const std::uint8_t* p)
{
    if (hasShaInstructions())
        sha256BlockNative(m_state.data(), p);
    else
        sha256BlockPlain(m_state.data(), p);
}

Sha256& Sha256::add(std::span<const std::byte> bytes)
{
    const auto* p = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    std::size_t filled = m_length % 64;
    m_length += left;
    if (filled != 0) {
        const std::size_t take = std::min(left, 64 - filled);
        std::memcpy(m_buffer.data() + filled, p, take);
        p += take;
        left -= take;
        if (filled + take < 64)
            return *this;
        block(m_buffer.data());
    }
    for (; left >= 64; p += 64, left -= 64)
        block(p);
    if (left > 0)
        std::memcpy(m_buffer.data(), p, left);
    return *this;
}

Sha256& Sha256::add(std::string_view text)
{
    return add(std::as_bytes(std::span(text.data(), text.size())));
}

Sha256& Sha256::addField(std::string_view field)
{
    std::array<char, 8> length;
    for (int i = 0; i < 8; ++i)
        length[i] = char(std::uint64_t(field.size()) >> (8 * i));
    return add(std::string_view(length.data(), 8)).add(field);
}

Digest Sha256::digest()
{
    const std::uint64_t bits = m_length * 8;
    std::array<char, 72> tail{};
    tail[0] = char(0x80);
    const std::size_t padding = (m_length % 64 < 56 ? 56 : 120) - m_length % 64;
    for (int i = 0; i < 8; ++i)
        tail[padding + i] = char(bits >> (56 - 8 * i));
    add(std::string_view(tail.data(), padding + 8));
    Digest out;
    for (std::size_t i = 0; i < 32; ++i)
        out[i] = std::uint8_t(m_state[i / 4] >> (24 - 8 * (i % 4)));
    return out;
}

std::string hex(std::span<const std::uint8_t> bytes)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (std::uint8_t b : bytes) {
        text += kDigits[b >> 4];
        text += kDigits[b & 15];
    }
    return text;
}

Result<Digest> digestFromHex(std::string_view text)
{
    const auto value = [](char c) -> int {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    Digest digest{};
    if (text.size() != 64)
        return fail(Code::badInput, {"SHA-256", std::string(text)});
    for (std::size_t i = 0; i < 64; ++i) {
        const int v = value(text[i]);
        if (v < 0)
            return fail(Code::badInput, {"SHA-256", std::string(text)});
        digest[i / 2] = std::uint8_t(digest[i / 2] << 4 | v);
    }
    return digest;
}

Digest sha256(std::string_view bytes)
{
    return Sha256().add(bytes).digest();
}

Result<Digest> sha256File(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? Result<Digest>(fail(Code::notFound, {"file", path}))
                               : Result<Digest>(tl::unexpected(errnoError(errno, path)));
    Sha256 sha;
    std::array<char, 1 << 16> buffer;
    for (;;) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            const int error = errno;
            ::close(fd);
            if (n < 0)
                return tl::unexpected(errnoError(error, path));
            return sha.digest();
        }
        sha.add(std::string_view(buffer.data(), std::size_t(n)));
    }
}

} // namespace foveate
