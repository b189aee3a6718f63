// SPDX-License-Identifier: GPL-3.0-or-later
// Eight float32 in a register, from and to maps of float32 or bfloat16 (as std::uint16_t), and the products of sixteen.
#pragma once

#include <cstdint>
#include <cstring>

namespace foveate::learn {

using Lanes [[gnu::vector_size(32)]] = float;
constexpr int kLanes = 8;
constexpr int kPanel = 16; ///< channels that lie side by side: a line of the cache

inline Lanes load(const float* from)
{
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

inline void store(float* to, Lanes lanes)
{
    std::memcpy(to, &lanes, sizeof lanes);
}

inline Lanes load(const std::uint16_t* from)
{
    using Halves [[gnu::vector_size(16)]] = std::uint16_t;
    using Words [[gnu::vector_size(32)]] = std::uint32_t;
    Halves halves;
    std::memcpy(&halves, from, sizeof halves);
    const Words words = __builtin_convertvector(halves, Words) << 16;
    Lanes lanes;
    std::memcpy(&lanes, &words, sizeof lanes);
    return lanes;
}

/// To the nearest, halves to even.
inline void store(std::uint16_t* to, Lanes lanes)
{
    using Halves [[gnu::vector_size(16)]] = std::uint16_t;
    using Words [[gnu::vector_size(32)]] = std::uint32_t;
    Words words;
    std::memcpy(&words, &lanes, sizeof words);
    words += 0x7fff + ((words >> 16) & 1);
    const Halves halves = __builtin_convertvector(words >> 16, Halves);
    std::memcpy(to, &halves, sizeof halves);
}

/// Adds a panel's line to each of `count` sums, times factors[0], factors[step], …; the sums stay in registers.
template <int count, typename Element>
[[gnu::always_inline]] inline void addLine(Lanes (&sums)[count][2], const float* factors, std::int64_t step,
                                           const Element* line)
{
    const Lanes low = load(line), high = load(line + kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < count; ++i) {
        sums[i][0] += factors[step * i] * low;
        sums[i][1] += factors[step * i] * high;
    }
}

} // namespace foveate::learn
