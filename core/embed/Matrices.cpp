// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Matrices.h"

#include <vector>

namespace foveate::embed {

Eigen::RowVectorXd meanOf(Points points, int threads)
{
    constexpr std::size_t kChunk = 4096;
    const std::size_t n = points.rows(), d = points.dimensions;
    RowMatrix<double> sums = RowMatrix<double>::Zero(Eigen::Index(chunkCount(n, kChunk)), Eigen::Index(d));
    forChunks(n, kChunk, threads, [&](const Chunk& chunk) {
        double* sum = sums.row(Eigen::Index(chunk.index)).data();
        for (std::size_t i = chunk.begin; i < chunk.end; ++i) {
            const float* row = points.row(i);
            for (std::size_t j = 0; j < d; ++j)
                sum[j] += double(row[j]);
        }
    });
    return sums.colwise().sum() / double(n);
}

} // namespace foveate::embed
