// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/layout/Hnsw.h"

#include "base/Parallel.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <hnswlib/hnswlib.h>
#include <vector>

namespace foveate::embed::layout {
namespace {

constexpr std::size_t kLinks = 16;
constexpr std::size_t kBuildWidth = 120; ///< larger: better recall, slower

using Index = hnswlib::HierarchicalNSW<float>;

/// One row's neighbours; where the index found too few, its last one again.
void fill(const Index& index, const float* point, std::int32_t own, std::span<std::int32_t> rows,
          std::span<float> distances)
{
    const std::vector<std::pair<float, hnswlib::labeltype>> found = index.searchKnnCloserFirst(point, rows.size() + 1);
    std::size_t at = 0;
    for (const auto& [squared, row] : found) {
        if (std::int32_t(row) == own || at == rows.size())
            continue;
        rows[at] = std::int32_t(row);
        distances[at++] = std::sqrt(squared);
    }
    for (; at > 0 && at < rows.size(); ++at) {
        rows[at] = rows[at - 1];
        distances[at] = distances[at - 1];
    }
}

} // namespace

Status approximateNeighbours(std::span<const float> points, std::size_t dimensions, std::size_t k, std::uint64_t seed,
                             int threads, std::span<std::int32_t> rows, std::span<float> distances)
{
    const std::size_t n = points.size() / dimensions;
    try {
        hnswlib::L2Space space(dimensions);
        Index index(&space, n, kLinks, kBuildWidth, std::size_t(seed));
        for (std::size_t i = 0; i < n; ++i)
            index.addPoint(points.data() + i * dimensions, i);
        index.setEf(std::max<std::size_t>(kBuildWidth, k + k / 4));
        std::atomic<bool> failed{false};
        parallelBlocks(n, threads, [&](std::size_t begin, std::size_t end) {
            try {
                for (std::size_t i = begin; i < end; ++i)
                    fill(index, points.data() + i * dimensions, std::int32_t(i), rows.subspan(i * k, k),
                         distances.subspan(i * k, k));
            } catch (const std::exception&) {
                failed = true;
            }
        });
        if (failed)
            return fail(Code::outOfMemory, {"cpu"});
    } catch (const std::exception&) {
        return fail(Code::outOfMemory, {"cpu"});
    }
    return {};
}

} // namespace foveate::embed::layout
