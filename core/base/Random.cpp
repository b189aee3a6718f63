// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace foveate {
namespace {

std::uint64_t splitMix(std::uint64_t& state)
{
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

} // namespace

Random::Random(std::uint64_t seed)
{
    for (std::uint64_t& word : m_state)
        word = splitMix(seed);
}

Random Random::derive(std::uint64_t seed, std::string_view purpose, std::uint64_t index)
{
    std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (char c : purpose)
        hash = (hash ^ std::uint8_t(c)) * 0x100000001b3;
    std::uint64_t mixed = seed ^ std::rotl(hash, 17) ^ (index * 0xd1342543de82ef95);
    return Random(splitMix(mixed));
}

std::uint64_t Random::next()
{
    const std::uint64_t result = std::rotl(m_state[1] * 5, 7) * 9;
    const std::uint64_t t = m_state[1] << 17;
    m_state[2] ^= m_state[0];
    m_state[3] ^= m_state[1];
    m_state[1] ^= m_state[2];
    m_state[0] ^= m_state[3];
    m_state[2] ^= t;
    m_state[3] = std::rotl(m_state[3], 45);
    return result;
}

double Random::uniform()
{
    return double(next() >> 11) * 0x1.0p-53;
}

std::uint64_t Random::below(std::uint64_t n)
{
    const std::uint64_t reject = (0 - n) % n;
    std::uint64_t r = next();
    while (r < reject)
        r = next();
    return r % n;
}

double Random::normal()
{
    const double u = 1.0 - uniform();
    const double v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

} // namespace foveate
