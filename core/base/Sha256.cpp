// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Sha256.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace foveate {
namespace {

constexpr std::array<std::uint32_t, 64> kRound{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

} // namespace

void Sha256::block(const std::uint8_t* p)
{
    std::array<std::uint32_t, 64> w;
    for (int i = 0; i < 16; ++i)
        w[i] = std::uint32_t(p[4 * i]) << 24 | std::uint32_t(p[4 * i + 1]) << 16 |
               std::uint32_t(p[4 * i + 2]) << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; ++i) {
        const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = m_state;
    for (int i = 0; i < 64; ++i) {
        const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
        const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> add{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i)
        m_state[i] += add[i];
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
