// SPDX-License-Identifier: GPL-3.0-or-later
// Measuring: what the saliency strategies need to know of each map and image, batch by batch; the maps are not kept.
#pragma once

#include "app/engine/select/SelectSamples.h"
#include "explain/Explainer.h"
#include "learn/Checkpoint.h"
#include "learn/TrainedNetwork.h"
#include "query/Measure.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace foveate::engine {

/// Which measure of what.
struct Table {
    const query::Measure* measure = nullptr;
    bool ofImage = false;
    std::vector<float> values; ///< [samples, columns]; NaN: not measured, or no evidence
};

class Measuring {
public:
    /// rows: of the pack; mapped [rows] 0: no map is made of it. Lent: trained, options. Errors of Explainer::create().
    static Result<Measuring> create(const learn::TrainedNetwork& trained, const SelectOptions& options,
                                    std::vector<std::int64_t> rows, std::vector<std::uint8_t> mapped, int threads);

    /// A few images. Guarded against LibTorch's exceptions.
    Result<Step> step();
    std::int64_t done() const { return std::int64_t(m_done); }
    std::int64_t total() const { return std::int64_t(m_rows.size()); }
    const std::vector<Table>& tables() const { return m_tables; }
    /// The table of a measure; null when nobody asked for it.
    const Table* table(const query::Measure& measure, bool ofImage) const;

    /// What is measured so far, as whole numbers of the same bits: NaN is allowed there.
    void save(learn::Checkpoint& checkpoint) const;
    /// wrongShape when it is another pool's.
    Status restore(const learn::Checkpoint& checkpoint);

private:
    Measuring(const learn::TrainedNetwork& trained, const SelectOptions& options, std::vector<std::int64_t> rows,
              std::vector<std::uint8_t> mapped, int threads);
    Result<std::vector<std::vector<float>>> mapsOf(const std::vector<std::int64_t>& rows) const;
    std::vector<float> imageOf(std::int64_t row) const;
    void measure(std::size_t sample, const std::vector<float>& values, bool ofImage);

    const learn::TrainedNetwork* m_trained;
    const SelectOptions* m_options;
    explain::Method m_method = explain::Method::deepTaylor;
    std::optional<explain::Explainer> m_explainer; ///< when maps are wanted
    std::vector<std::int64_t> m_rows;
    std::vector<std::uint8_t> m_mapped;
    int m_threads;
    std::vector<Table> m_tables;
    std::size_t m_done = 0;
};

} // namespace foveate::engine
