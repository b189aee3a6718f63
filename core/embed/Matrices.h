// SPDX-License-Identifier: GPL-3.0-or-later
// Points as Eigen matrices, and rows dealt out in chunks that do not depend on the number of threads.
#pragma once

#include "base/Parallel.h"
#include "embed/Points.h"

#include <Eigen/Dense>

namespace foveate::embed {

template <typename T> using RowMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using PointMap = Eigen::Map<const RowMatrix<float>>;

inline PointMap rowsOf(Points points, std::size_t begin, std::size_t rows)
{
    return {points.row(begin), Eigen::Index(rows), Eigen::Index(points.dimensions)};
}

inline PointMap allRows(Points points)
{
    return rowsOf(points, 0, points.rows());
}

/// Rows [begin, end) of one chunk.
struct Chunk {
    std::size_t index = 0, begin = 0, end = 0;
    std::size_t rows() const { return end - begin; }
};

/// n rows in chunks of `size`, the last one shorter.
inline std::size_t chunkCount(std::size_t n, std::size_t size)
{
    return (n + size - 1) / size;
}

/// work(chunk) for each chunk. Sums taken by chunk and added in their order come out the same for any number of
/// threads.
template <typename Work> void forChunks(std::size_t n, std::size_t size, int threads, const Work& work)
{
    parallelBlocks(chunkCount(n, size), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t c = first; c < last; ++c)
            work(Chunk{c, c * size, std::min(n, (c + 1) * size)});
    });
}

/// The mean of the rows, summed in double.
Eigen::RowVectorXd meanOf(Points points, int threads);

} // namespace foveate::embed
