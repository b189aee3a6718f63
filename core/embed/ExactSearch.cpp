// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/ExactSearch.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace foveate::embed {
namespace {

constexpr std::size_t kQueries = 128; ///< in one product …
constexpr std::size_t kRows = 1024;   ///< … with as many rows of the base: half a megabyte, stays in the cache
constexpr std::size_t kLanes = 16;

/// Bound of the rounding of |q|² + |b|² − 2q·b in float32 over |q|² + |b|², centring included.
float roundingOf(std::size_t dimensions)
{
    return 2 * float(dimensions + 8) * .5F * std::numeric_limits<float>::epsilon();
}

double squaredDistance(const float* a, const float* b, std::size_t dimensions)
{
    double sum = 0;
    for (std::size_t d = 0; d < dimensions; ++d) {
        const double gap = double(a[d]) - double(b[d]);
        sum += gap * gap;
    }
    return sum;
}

} // namespace

/// Rows of the base that may be among the `wanted` nearest of one query; distances less |q|².
struct ExactSearch::Candidates {
    struct Candidate {
        float least; ///< the distance² is no less …
        float most;  ///< … and no more
        std::int32_t row;
    };
    std::size_t wanted = 0;
    std::size_t limit = 0;
    float ownRounding = 0;
    float threshold = std::numeric_limits<float>::infinity();
    std::vector<Candidate> rows;

    void start(std::size_t k, float rounding)
    {
        wanted = k;
        limit = std::max<std::size_t>(64, 4 * k);
        ownRounding = rounding;
        threshold = std::numeric_limits<float>::infinity();
        rows.clear();
    }

    void add(float least, float rounding, std::int32_t row)
    {
        rows.push_back({least, least + 2 * (rounding + ownRounding), row});
        if (rows.size() >= limit)
            shrink();
    }

    /// What lies surely behind the wanted nearest goes.
    void shrink()
    {
        if (rows.size() < wanted)
            return;
        const auto last = rows.begin() + std::ptrdiff_t(wanted) - 1;
        std::nth_element(rows.begin(), last, rows.end(),
                         [](const Candidate& a, const Candidate& b) { return a.most < b.most; });
        threshold = last->most;
        std::erase_if(rows, [this](const Candidate& c) { return c.least > threshold; });
        if (2 * rows.size() > limit)
            limit = 2 * limit;
    }
};

ExactSearch::ExactSearch(Points base, int threads) : m_base(base), m_mean(meanOf(base, threads))
{
    const std::size_t n = base.rows();
    m_centred.resize(Eigen::Index(n), Eigen::Index(base.dimensions));
    m_least.resize(n);
    m_rounding.resize(n);
    std::vector<double> largest(chunkCount(n, kRows), 0);
    forChunks(n, kRows, threads, [&](const Chunk& chunk) {
        largest[chunk.index] =
            (rowsOf(base, chunk.begin, chunk.rows()).cast<double>().rowwise() - m_mean).cwiseAbs().maxCoeff();
    });
    const double most = *std::max_element(largest.begin(), largest.end());
    m_scale = most > 0 ? 1 / most : 1;
    const float rounding = roundingOf(base.dimensions);
    forChunks(n, kRows, threads, [&](const Chunk& chunk) {
        const RowMatrix<double> rows =
            (rowsOf(base, chunk.begin, chunk.rows()).cast<double>().rowwise() - m_mean) * m_scale;
        m_centred.middleRows(Eigen::Index(chunk.begin), Eigen::Index(chunk.rows())) = rows.cast<float>();
        for (std::size_t i = chunk.begin; i < chunk.end; ++i) {
            const auto square = float(rows.row(Eigen::Index(i - chunk.begin)).squaredNorm());
            m_rounding[i] = rounding * square;
            m_least[i] = square - m_rounding[i];
        }
    });
}

void ExactSearch::find(Points queries, std::size_t begin, std::size_t end, std::size_t k, bool self, int threads,
                       const Take& take) const
{
    const std::size_t wanted = std::min(k, m_base.rows() - std::size_t(self));
    forChunks(end - begin, kQueries, threads, [&](const Chunk& chunk) {
        search(queries, Chunk{chunk.index, begin + chunk.begin, begin + chunk.end}, wanted, self, take);
    });
}

void ExactSearch::search(Points queries, const Chunk& chunk, std::size_t k, bool self, const Take& take) const
{
    const RowMatrix<double> centred =
        (rowsOf(queries, chunk.begin, chunk.rows()).cast<double>().rowwise() - m_mean) * m_scale;
    const RowMatrix<float> twice = (-2 * centred).cast<float>();
    std::vector<Candidates> candidates(chunk.rows());
    for (std::size_t q = 0; q < chunk.rows(); ++q)
        candidates[q].start(k + std::size_t(self),
                            roundingOf(m_base.dimensions) * float(centred.row(Eigen::Index(q)).squaredNorm()));
    RowMatrix<float> products;
    for (std::size_t begin = 0; begin < m_base.rows(); begin += kRows) {
        const std::size_t count = std::min(kRows, m_base.rows() - begin);
        products.resize(twice.rows(), Eigen::Index(count));
        products.noalias() = twice * m_centred.middleRows(Eigen::Index(begin), Eigen::Index(count)).transpose();
        for (std::size_t q = 0; q < chunk.rows(); ++q)
            collect(products.row(Eigen::Index(q)).data(), begin, count, candidates[q]);
    }
    std::vector<Found> found;
    for (std::size_t q = 0; q < chunk.rows(); ++q) {
        check(queries, chunk.begin + q, k, self, candidates[q], found);
        take(chunk.begin + q, std::span(found).first(k));
    }
}

void ExactSearch::collect(const float* products, std::size_t begin, std::size_t count, Candidates& candidates) const
{
    const float* least = m_least.data() + begin;
    std::size_t at = 0;
    for (; at + kLanes <= count; at += kLanes) {
        int any = 0;
        for (std::size_t l = 0; l < kLanes; ++l)
            any |= int(products[at + l] + least[at + l] <= candidates.threshold);
        if (any == 0)
            continue;
        for (std::size_t l = at; l < at + kLanes; ++l)
            if (products[l] + least[l] <= candidates.threshold)
                candidates.add(products[l] + least[l], m_rounding[begin + l], std::int32_t(begin + l));
    }
    for (; at < count; ++at)
        if (products[at] + least[at] <= candidates.threshold)
            candidates.add(products[at] + least[at], m_rounding[begin + at], std::int32_t(begin + at));
}

void ExactSearch::check(Points queries, std::size_t query, std::size_t k, bool self, Candidates& candidates,
                        std::vector<Found>& found) const
{
    candidates.shrink();
    found.clear();
    const auto add = [&](std::int64_t row) {
        if (!self || row != std::int64_t(query))
            found.push_back(
                {squaredDistance(queries.row(query), m_base.row(std::size_t(row)), m_base.dimensions), row});
    };
    for (const Candidates::Candidate& candidate : candidates.rows)
        add(candidate.row);
    if (found.size() < k) { // a query so far outside that float32 cannot tell: all rows
        found.clear();
        for (std::size_t row = 0; row < m_base.rows(); ++row)
            add(std::int64_t(row));
    }
    const auto nearer = [](const Found& a, const Found& b) {
        return a.squared != b.squared ? a.squared < b.squared : a.row < b.row;
    };
    std::partial_sort(found.begin(), found.begin() + std::ptrdiff_t(k), found.end(), nearer);
}

} // namespace foveate::embed
