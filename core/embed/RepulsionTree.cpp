// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/RepulsionTree.h"

#include "base/Parallel.h"

#include <algorithm>
#include <array>

namespace foveate::embed {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kLeaf = 8;
constexpr int kLevels = 16; ///< bits of each coordinate on the curve
constexpr float kCells = 65535;

/// 16 bits to the even bits of 32.
std::uint64_t spread(std::uint32_t v)
{
    v = (v | (v << 8)) & 0x00ff00ffU;
    v = (v | (v << 4)) & 0x0f0f0f0fU;
    v = (v | (v << 2)) & 0x33333333U;
    return (v | (v << 1)) & 0x55555555U;
}

/// Sixteen points and what acts on them.
struct Group {
    std::array<float, kLanes> x, y;
    std::array<float, kLanes> forceX{}, forceY{}, mass{};
    float left, right, low, high; ///< their box

    void add(float cx, float cy, float count)
    {
        for (std::size_t l = 0; l < kLanes; ++l) {
            const float dx = x[l] - cx, dy = y[l] - cy;
            const float q = 1 / (1 + dx * dx + dy * dy);
            const float all = count * q, force = all * q;
            mass[l] += all;
            forceX[l] += force * dx;
            forceY[l] += force * dy;
        }
    }

    float squaredDistance(float cx, float cy) const
    {
        const float dx = std::max({left - cx, cx - right, 0.F}), dy = std::max({low - cy, cy - high, 0.F});
        return dx * dx + dy * dy;
    }
};

} // namespace

void RepulsionTree::set(std::span<const float> layout)
{
    const std::size_t n = layout.size() / 2;
    float low[2] = {layout[0], layout[1]}, high[2] = {layout[0], layout[1]};
    for (std::size_t at = 0; at < layout.size(); ++at) {
        low[at % 2] = std::min(low[at % 2], layout[at]);
        high[at % 2] = std::max(high[at % 2], layout[at]);
    }
    const float side = std::max({high[0] - low[0], high[1] - low[1], 1e-20F});
    m_keys.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        const auto x = std::uint32_t((layout[2 * i] - low[0]) / side * kCells);
        const auto y = std::uint32_t((layout[2 * i + 1] - low[1]) / side * kCells);
        m_keys[i] = ((spread(x) | (spread(y) << 1)) << 32) | i;
    }
    std::sort(m_keys.begin(), m_keys.end());
    m_x.resize(n);
    m_y.resize(n);
    for (std::size_t p = 0; p < n; ++p) {
        const std::size_t row = m_keys[p] & 0xffffffffU;
        m_x[p] = layout[2 * row];
        m_y[p] = layout[2 * row + 1];
    }
    m_nodes.clear();
    build(0, n, kLevels, side);
}

RepulsionTree::Sum RepulsionTree::build(std::size_t begin, std::size_t end, int level, float side)
{
    const std::size_t own = m_nodes.size();
    m_nodes.push_back({0, 0, float(end - begin), side, 0, 0, 0});
    Sum sum{0, 0};
    if (end - begin <= kLeaf || level == 0) {
        for (std::size_t p = begin; p < end; ++p)
            sum = {sum.x + double(m_x[p]), sum.y + double(m_y[p])};
        m_nodes[own].begin = std::int32_t(begin);
        m_nodes[own].end = std::int32_t(end);
    } else {
        const int shift = 32 + 2 * (level - 1);
        for (std::uint64_t quarter = 0; quarter < 4 && begin < end; ++quarter) {
            const auto inside = [&](std::uint64_t key) { return ((key >> shift) & 3U) <= quarter; };
            const auto last = std::partition_point(m_keys.begin() + std::ptrdiff_t(begin),
                                                   m_keys.begin() + std::ptrdiff_t(end), inside);
            const auto middle = std::size_t(last - m_keys.begin());
            if (middle > begin) {
                const Sum part = build(begin, middle, level - 1, side / 2);
                sum = {sum.x + part.x, sum.y + part.y};
            }
            begin = middle;
        }
    }
    Node& node = m_nodes[own];
    node.x = float(sum.x / double(node.mass));
    node.y = float(sum.y / double(node.mass));
    node.next = std::int32_t(m_nodes.size());
    return sum;
}

void RepulsionTree::repel(double theta, int threads, std::span<float> forces, std::span<float> masses) const
{
    parallelBlocks((m_x.size() + kLanes - 1) / kLanes, threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t g = first; g < last; ++g)
            repelGroup(g * kLanes, float(theta), forces, masses);
    });
}

void RepulsionTree::repelGroup(std::size_t begin, float theta, std::span<float> forces, std::span<float> masses) const
{
    const std::size_t end = std::min(m_x.size(), begin + kLanes);
    Group group;
    for (std::size_t l = 0; l < kLanes; ++l) {
        group.x[l] = m_x[std::min(begin + l, end - 1)];
        group.y[l] = m_y[std::min(begin + l, end - 1)];
    }
    const auto [left, right] = std::minmax_element(group.x.begin(), group.x.end());
    const auto [low, high] = std::minmax_element(group.y.begin(), group.y.end());
    group.left = *left, group.right = *right, group.low = *low, group.high = *high;
    for (std::int32_t at = 0; at < std::int32_t(m_nodes.size());) {
        const Node& node = m_nodes[std::size_t(at)];
        if (node.end > node.begin) {
            for (std::int32_t p = node.begin; p < node.end; ++p)
                group.add(m_x[std::size_t(p)], m_y[std::size_t(p)], 1);
            at = node.next;
        } else if (node.side * node.side < theta * theta * group.squaredDistance(node.x, node.y)) {
            group.add(node.x, node.y, node.mass);
            at = node.next;
        } else {
            ++at;
        }
    }
    for (std::size_t p = begin; p < end; ++p) {
        const std::size_t row = m_keys[p] & 0xffffffffU;
        forces[2 * row] = group.forceX[p - begin];
        forces[2 * row + 1] = group.forceY[p - begin];
        masses[row] = group.mass[p - begin] - 1; // its own
    }
}

} // namespace foveate::embed
