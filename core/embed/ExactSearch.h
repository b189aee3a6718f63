// SPDX-License-Identifier: GPL-3.0-or-later
// ExactSearch: the k nearest of each query among a base, by float32 matrix products that leave a few candidates, which
// are then compared in double.
//
// The products carry a bound of their rounding: every row that could be among the k nearest is a candidate, so the
// result is that of comparing all distances in double, computed from the features as they are. Equal distances: the
// lower row first. Memory: a float32 copy of the base; half a megabyte for each thread.
#pragma once

#include "embed/Matrices.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace foveate::embed {

class ExactSearch {
public:
    struct Found {
        double squared; ///< distance²
        std::int64_t row;
    };
    /// Called once for each query, from any thread; `found` is nearest first and lives for the call only.
    using Take = std::function<void(std::size_t query, std::span<const Found> found)>;

    /// REQUIRES: finite values, also in the queries below. `base` is lent.
    ExactSearch(Points base, int threads);

    /// Of the queries [begin, end). k is cut to the number of rows. `self`: the queries are the base, and a row is not
    /// its own neighbour.
    void find(Points queries, std::size_t begin, std::size_t end, std::size_t k, bool self, int threads,
              const Take& take) const;
    void find(Points queries, std::size_t k, bool self, int threads, const Take& take) const
    {
        find(queries, 0, queries.rows(), k, self, threads, take);
    }

private:
    struct Candidates;
    void search(Points queries, const Chunk& chunk, std::size_t k, bool self, const Take& take) const;
    void collect(const float* products, std::size_t begin, std::size_t count, Candidates& candidates) const;
    void check(Points queries, std::size_t query, std::size_t k, bool self, Candidates& candidates,
               std::vector<Found>& found) const;

    Points m_base;
    Eigen::RowVectorXd m_mean;
    double m_scale = 1;            ///< brings the base into [−1,1], so that squares never overflow
    RowMatrix<float> m_centred;    ///< [N,D] about the mean, scaled
    std::vector<float> m_least;    ///< [N] |b|² less its share of the rounding
    std::vector<float> m_rounding; ///< [N] that share
};

} // namespace foveate::embed
