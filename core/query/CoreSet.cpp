// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/CoreSet.h"

#include "base/Parallel.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

namespace foveate::query {
namespace {

using Row = Eigen::Map<const Eigen::VectorXf>;

constexpr std::uint32_t kFirstCentres = 1024; ///< every point is compared with so many before the lazy part begins
constexpr std::uint32_t kStride = 8;          ///< centres between two looks at the heap: one look costs as much

/// Squared distance, in as many sums as the processor adds at once.
float squaredDistance(const float* a, const float* b, std::size_t n)
{
    constexpr std::size_t kWidth = 32;
    using Block = Eigen::Array<float, kWidth, 1>;
    Block sums = Block::Zero();
    std::size_t k = 0;
    for (; k + kWidth <= n; k += kWidth)
        sums += (Eigen::Map<const Block>(a + k) - Eigen::Map<const Block>(b + k)).square();
    float sum = sums.sum();
    for (; k < n; ++k)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

class LazyGreedy {
public:
    LazyGreedy(embed::Points points, embed::Points start, int threads)
        : m_points(points), m_start(start), m_threads(threads),
          m_bound(points.rows(), std::numeric_limits<float>::infinity()), m_seen(points.rows(), 0)
    {}

    Centres pick(std::size_t count)
    {
        Centres result;
        count = std::min(count, m_points.rows());
        if (count > 0 && m_start.rows() == 0)
            take(central(), std::numeric_limits<float>::infinity(), result);
        compareAll(std::min(centres(), kFirstCentres));
        fillHeap(result.rows);
        while (result.rows.size() < count) {
            const std::uint32_t row = farthest();
            take(row, m_bound[row], result);
        }
        compareAll(centres());
        result.remaining.resize(m_points.rows());
        std::transform(m_bound.begin(), m_bound.end(), result.remaining.begin(),
                       [](float squared) { return std::sqrt(double(squared)); });
        for (const std::size_t row : result.rows)
            result.remaining[row] = 0;
        if (!result.distances.empty() && std::isinf(result.distances[0]))
            result.distances[0] = result.distances.size() > 1 ? result.distances[1] : 0;
        return result;
    }

private:
    Row at(std::size_t row) const { return {m_points.row(row), Eigen::Index(m_points.dimensions)}; }
    std::uint32_t centres() const { return std::uint32_t(m_start.rows() + m_picks.size()); }
    const float* centre(std::uint32_t k) const
    {
        return k < m_start.rows() ? m_start.row(k) : m_points.row(m_picks[k - m_start.rows()]);
    }

    /// Nearest to the mean.
    std::uint32_t central() const
    {
        Eigen::VectorXd sum = Eigen::VectorXd::Zero(Eigen::Index(m_points.dimensions));
        for (std::size_t i = 0; i < m_points.rows(); ++i)
            sum += at(i).cast<double>();
        const Eigen::VectorXf mean = (sum / double(m_points.rows())).cast<float>();
        std::uint32_t best = 0;
        float nearest = std::numeric_limits<float>::infinity();
        for (std::size_t i = 0; i < m_points.rows(); ++i)
            if (const float d = (at(i) - mean).squaredNorm(); d < nearest) {
                nearest = d;
                best = std::uint32_t(i);
            }
        return best;
    }

    void take(std::uint32_t row, float squared, Centres& result)
    {
        m_picks.push_back(row);
        result.rows.push_back(row);
        result.distances.push_back(std::sqrt(double(squared)));
    }

    /// Brings a point up to date with the centres before `until`.
    void compare(std::uint32_t row, std::uint32_t until)
    {
        float bound = m_bound[row];
        for (std::uint32_t k = m_seen[row]; k < until; ++k)
            bound = std::min(bound, squaredDistance(m_points.row(row), centre(k), m_points.dimensions));
        m_bound[row] = bound;
        m_seen[row] = std::max(m_seen[row], until);
    }

    /// A few centres at a time, which stay in the nearest cache while all points pass.
    void compareAll(std::uint32_t until)
    {
        parallelBlocks(m_points.rows(), m_threads, [&](std::size_t begin, std::size_t end) {
            for (std::uint32_t some = kStride; some < until + kStride; some += kStride)
                for (std::size_t row = begin; row < end; ++row)
                    compare(std::uint32_t(row), std::min(some, until));
        });
    }

    bool isBefore(std::uint32_t a, std::uint32_t b) const
    {
        return m_bound[a] != m_bound[b] ? m_bound[a] > m_bound[b] : a < b;
    }

    void fillHeap(const std::vector<std::size_t>& without)
    {
        m_heap.resize(m_points.rows());
        std::iota(m_heap.begin(), m_heap.end(), 0U);
        for (const std::size_t row : without)
            std::erase(m_heap, std::uint32_t(row));
        std::make_heap(m_heap.begin(), m_heap.end(),
                       [this](std::uint32_t a, std::uint32_t b) { return isBefore(b, a); });
    }

    /// The root went down in value: sinks it to its place.
    void sink()
    {
        const std::uint32_t row = m_heap[0];
        std::size_t place = 0;
        for (std::size_t child; (child = 2 * place + 1) < m_heap.size(); place = child) {
            if (child + 1 < m_heap.size() && isBefore(m_heap[child + 1], m_heap[child]))
                ++child;
            if (!isBefore(m_heap[child], row))
                break;
            m_heap[place] = m_heap[child];
        }
        m_heap[place] = row;
    }

    bool isFirst() const
    {
        return (m_heap.size() < 2 || isBefore(m_heap[0], m_heap[1])) &&
               (m_heap.size() < 3 || isBefore(m_heap[0], m_heap[2]));
    }

    /// Removes and returns the point whose true distance is the largest.
    std::uint32_t farthest()
    {
        for (;;) {
            const std::uint32_t row = m_heap[0];
            while (m_seen[row] < centres() && isFirst())
                compare(row, std::min(m_seen[row] + kStride, centres()));
            if (isFirst() && m_seen[row] == centres())
                break;
            sink();
        }
        const std::uint32_t row = m_heap[0];
        m_heap[0] = m_heap.back();
        m_heap.pop_back();
        if (!m_heap.empty())
            sink();
        return row;
    }

    embed::Points m_points;
    embed::Points m_start;
    int m_threads;
    std::vector<float> m_bound;        ///< squared distance to the nearest centre seen
    std::vector<std::uint32_t> m_seen; ///< centres that the bound knows
    std::vector<std::uint32_t> m_picks;
    std::vector<std::uint32_t> m_heap; ///< rows not picked, the largest bound first
};

} // namespace

Centres farthestPoints(embed::Points points, embed::Points start, std::size_t count, int threads)
{
    return LazyGreedy(points, start, threads).pick(count);
}

} // namespace foveate::query
