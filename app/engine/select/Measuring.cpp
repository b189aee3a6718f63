// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/select/Measuring.h"

#include "base/Parallel.h"
#include "learn/Exceptions.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <cstring>
#include <limits>

namespace foveate::engine {
namespace {

constexpr std::size_t kBatch = 8;

std::string nameOf(const Table& table)
{
    return std::string(table.measure->name) + (table.ofImage ? "-image" : "-map");
}

} // namespace

Result<Measuring> Measuring::create(const learn::TrainedNetwork& trained, const SelectOptions& options,
                                    std::vector<std::int64_t> rows, std::vector<std::uint8_t> mapped, int threads)
{
    Measuring measuring(trained, options, std::move(rows), std::move(mapped), threads);
    if (!options.measures(false))
        return measuring;
    FOVEATE_TRY(measuring.m_method, explain::methodFromName(options.query.map));
    FOVEATE_TRY(measuring.m_explainer, explain::Explainer::create(trained.network, trained.info.normalisation));
    return measuring;
}

Measuring::Measuring(const learn::TrainedNetwork& trained, const SelectOptions& options, std::vector<std::int64_t> rows,
                     std::vector<std::uint8_t> mapped, int threads)
    : m_trained(&trained), m_options(&options), m_rows(std::move(rows)), m_mapped(std::move(mapped)), m_threads(threads)
{
    for (const query::Part& part : options.parts) {
        const query::Measure* const measure = part.strategy->measure;
        if (measure == nullptr || table(*measure, part.variant.ofImage) != nullptr)
            continue;
        m_tables.push_back(
            {measure, part.variant.ofImage,
             std::vector<float>(m_rows.size() * measure->columns, std::numeric_limits<float>::quiet_NaN())});
    }
}

const Table* Measuring::table(const query::Measure& measure, bool ofImage) const
{
    const auto found = std::find_if(m_tables.begin(), m_tables.end(),
                                    [&](const Table& t) { return t.measure == &measure && t.ofImage == ofImage; });
    return found == m_tables.end() ? nullptr : &*found;
}

/// Empty where the map must not rank its image.
Result<std::vector<std::vector<float>>> Measuring::mapsOf(const std::vector<std::int64_t>& rows) const
{
    FOVEATE_TRY(const explain::Explanation found, explain::mapsOf(*m_explainer, m_trained->batches, rows, m_method));
    const at::Tensor plain = found.map.contiguous();
    const std::size_t pixels = std::size_t(plain.size(1) * plain.size(2));
    std::vector<std::vector<float>> maps(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (found.fitForRanking(i)) {
            const float* const at = plain.const_data_ptr<float>() + i * pixels;
            maps[i].assign(at, at + pixels);
        }
    return maps;
}

/// Luma in [0,1].
std::vector<float> Measuring::imageOf(std::int64_t row) const
{
    const auto pixels = m_trained->batches.image(row);
    const auto channels = std::size_t(m_trained->batches.channels());
    std::vector<float> values(pixels.size() / channels);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = (channels == 1 ? float(pixels[i])
                                   : .299F * float(pixels[3 * i]) + .587F * float(pixels[3 * i + 1]) +
                                         .114F * float(pixels[3 * i + 2])) /
                    255;
    return values;
}

void Measuring::measure(std::size_t sample, const std::vector<float>& values, bool ofImage)
{
    for (Table& table : m_tables)
        if (table.ofImage == ofImage && !values.empty()) {
            const std::size_t columns = table.measure->columns;
            table.measure->of({values, std::size_t(m_trained->batches.size())}, m_options->query,
                              std::span(table.values).subspan(sample * columns, columns));
        }
}

Result<Step> Measuring::step()
{
    const std::size_t begin = m_done, end = std::min(m_done + kBatch, m_rows.size());
    std::vector<std::int64_t> rows;
    std::vector<std::size_t> places(end - begin, m_rows.size());
    for (std::size_t i = begin; m_options->measures(false) && i < end; ++i)
        if (m_mapped[i] != 0) {
            places[i - begin] = rows.size();
            rows.push_back(m_rows[i]);
        }
    std::vector<std::vector<float>> maps;
    if (!rows.empty()) {
        FOVEATE_TRY(maps, mapsOf(rows));
    }
    parallelBlocks(end - begin, m_threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            if (places[i] < maps.size())
                measure(begin + i, maps[places[i]], false);
            if (m_options->measures(true))
                measure(begin + i, imageOf(m_rows[begin + i]), true);
        }
    });
    m_done = end;
    return m_done < m_rows.size() ? Step::more : Step::done;
}

void Measuring::save(learn::Checkpoint& checkpoint) const
{
    for (const Table& table : m_tables) {
        const std::int64_t columns = std::int64_t(table.measure->columns), rows = std::int64_t(m_done);
        at::Tensor bits = at::empty({rows, columns}, at::kInt);
        std::memcpy(bits.data_ptr(), table.values.data(), std::size_t(bits.numel()) * sizeof(float));
        checkpoint.weights[nameOf(table)] = bits;
    }
    checkpoint.state["measured"] = m_done;
}

Status Measuring::restore(const learn::Checkpoint& checkpoint)
{
    const std::size_t done = checkpoint.state.value("measured", std::size_t(0));
    for (Table& table : m_tables) {
        const auto saved = checkpoint.weights.find(nameOf(table));
        const std::size_t values = done * table.measure->columns;
        if (saved == checkpoint.weights.end() || std::size_t(saved->second.numel()) != values ||
            values > table.values.size())
            return fail(Code::wrongShape, {nameOf(table), std::to_string(done), std::to_string(m_rows.size())});
        std::memcpy(table.values.data(), saved->second.const_data_ptr(), values * sizeof(float));
    }
    m_done = done;
    return {};
}

} // namespace foveate::engine
