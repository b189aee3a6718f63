// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256 (FIPS 180-4) of bytes and files. Debian has no header-only library for it, and base/ links none.
#pragma once

#include "base/Result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace foveate {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
public:
    Sha256& add(std::span<const std::byte> bytes);
    Sha256& add(std::string_view text);
    /// A length-prefixed field (8 bytes little-endian, then the bytes), so that "ab"+"c" differs from "a"+"bc".
    Sha256& addField(std::string_view field);
    /// Ends the computation; the object may not be used afterwards.
    Digest digest();

private:
    void block(const std::uint8_t* p);
    std::array<std::uint32_t, 8> m_state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::uint8_t, 64> m_buffer{};
    std::uint64_t m_length = 0;
};

std::string hex(std::span<const std::uint8_t> bytes);
/// The digest that 64 lower-case hex digits stand for; badInput otherwise.
Result<Digest> digestFromHex(std::string_view text);
Digest sha256(std::string_view bytes);
/// Reads the whole file; io or notFound on failure.
Result<Digest> sha256File(const std::string& path);

} // namespace foveate
