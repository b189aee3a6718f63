// SPDX-License-Identifier: GPL-3.0-or-later
// Seeded random numbers that are the same on every machine and compiler: xoshiro256** (Blackman and Vigna 2018).
//
// The standard library's distributions differ between implementations, so the few that are needed stand here.
// A generator is a value: copy it to fork, derive() a named stream rather than sharing one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace foveate {

class Random {
public:
    explicit Random(std::uint64_t seed);
    /// An independent stream for one purpose: derive(seed, "split") never disturbs derive(seed, "views").
    static Random derive(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

    std::uint64_t next();
    /// Uniform in [0, 1).
    double uniform();
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// Uniform integer in [0, n). REQUIRES: n > 0. Without modulo bias.
    std::uint64_t below(std::uint64_t n);
    bool chance(double probability) { return uniform() < probability; }
    /// Standard normal (Box–Muller).
    double normal();

    template <typename T> void shuffle(std::vector<T>& items)
    {
        for (std::size_t i = items.size(); i > 1; --i)
            std::swap(items[i - 1], items[below(i)]);
    }

    std::array<std::uint64_t, 4> state() const { return m_state; }
    void setState(const std::array<std::uint64_t, 4>& state) { m_state = state; }

private:
    std::array<std::uint64_t, 4> m_state{};
};

} // namespace foveate
