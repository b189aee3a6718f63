// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/SortedPool.h"

#include <algorithm>
#include <numeric>

namespace foveate::query {
namespace {

std::vector<std::size_t> orderOf(std::span<const std::string> ids)
{
    std::vector<std::size_t> order(ids.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
    return order;
}

/// Rows (a plane of several: one after the other) in another order.
template <typename T>
std::vector<T> taken(std::span<const T> values, const std::vector<std::size_t>& order, std::size_t planes = 1)
{
    const std::size_t columns = values.size() / order.size() / planes;
    std::vector<T> result;
    result.reserve(values.size());
    for (std::size_t plane = 0; plane < planes; ++plane)
        for (const std::size_t row : order) {
            const auto from = values.subspan((plane * order.size() + row) * columns, columns);
            result.insert(result.end(), from.begin(), from.end());
        }
    return result;
}

template <typename T> void take(std::span<const T>& lent, std::vector<T>& own, const std::vector<std::size_t>& order)
{
    own = taken(lent, order);
    lent = own;
}

} // namespace

SortedPool::SortedPool(const Pool& lent) : m_pool(lent)
{
    if (!std::is_sorted(lent.ids.begin(), lent.ids.end()))
        sortPool(orderOf(lent.ids));
    if (!std::is_sorted(lent.labelled.ids.begin(), lent.labelled.ids.end()))
        sortLabelled(orderOf(lent.labelled.ids));
}

void SortedPool::takeFloats(std::span<const float>& values, const std::vector<std::size_t>& order)
{
    m_floats.push_back(taken(values, order));
    values = m_floats.back();
}

void SortedPool::sortPool(const std::vector<std::size_t>& order)
{
    if (!m_pool.passes.empty()) {
        m_floats.push_back(taken(m_pool.passes, order, m_pool.passes.size() / (order.size() * m_pool.classes)));
        m_pool.passes = m_floats.back();
    }
    takeFloats(m_pool.probabilities, order);
    takeFloats(m_pool.features, order);
    takeFloats(m_pool.latents, order);
    for (MeasureTable& table : m_pool.measures)
        takeFloats(table.values, order);
    take(m_pool.strata, m_strata, order);
    take(m_pool.mapped, m_mapped, order);
    take(m_pool.ids, m_ids, order);
}

void SortedPool::sortLabelled(const std::vector<std::size_t>& order)
{
    takeFloats(m_pool.labelled.features, order);
    takeFloats(m_pool.labelled.latents, order);
    take(m_pool.labelled.classes, m_classes, order);
    take(m_pool.labelled.ids, m_labelledIds, order);
}

std::size_t rowOf(const Pool& pool, const std::string& id)
{
    return std::size_t(std::lower_bound(pool.ids.begin(), pool.ids.end(), id) - pool.ids.begin());
}

} // namespace foveate::query
