// SPDX-License-Identifier: GPL-3.0-or-later
// SortedPool: a pool in order of id, so that no ranking depends on the order in which it was handed in. Arrays are
// copied only when they are not in order already.
#pragma once

#include "query/Pool.h"

#include <list>
#include <string>
#include <vector>

namespace foveate::query {

class SortedPool {
public:
    /// REQUIRES: arrays that fit (Strategy.h); `lent` outlives the object.
    explicit SortedPool(const Pool& lent);
    SortedPool(const SortedPool&) = delete;
    SortedPool& operator=(const SortedPool&) = delete;
    const Pool& pool() const { return m_pool; }

private:
    void sortPool(const std::vector<std::size_t>& order);
    void sortLabelled(const std::vector<std::size_t>& order);
    void takeFloats(std::span<const float>& values, const std::vector<std::size_t>& order);

    Pool m_pool;
    std::vector<std::string> m_ids, m_labelledIds;
    std::vector<int> m_strata, m_classes;
    std::vector<std::uint8_t> m_mapped;
    std::list<std::vector<float>> m_floats;
};

/// Place of an id in a pool that is in order of id. REQUIRES: it is there.
std::size_t rowOf(const Pool& pool, const std::string& id);

} // namespace foveate::query
