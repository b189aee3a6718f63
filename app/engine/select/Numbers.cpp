// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/select/Numbers.h"

#include <algorithm>
#include <limits>

namespace foveate::engine {
namespace {

void append(Array<float>& to, const at::Tensor& from)
{
    if (!from.defined())
        return;
    const at::Tensor plain = from.contiguous();
    const float* const first = plain.const_data_ptr<float>();
    to.data.insert(to.data.end(), first, first + plain.numel());
    const std::size_t rows = to.shape.empty() ? 0 : to.shape[0];
    to.shape = {rows + std::size_t(plain.size(0)), std::size_t(plain.size(1))};
}

} // namespace

Numbers::Numbers(KnownNumbers known, const std::vector<std::int64_t>& wanted, learn::TrainedNetwork* trained,
                 bool needsProbabilities)
    : m_known(std::move(known))
{
    if (m_known.features.shape.empty() || (needsProbabilities && m_known.probabilities.shape.empty()))
        m_known = {};
    for (std::size_t i = 0; i < m_known.rows.size(); ++i)
        m_place.emplace(m_known.rows[i], i);
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(m_lacking),
                 [&](std::int64_t row) { return !m_place.contains(row); });
    if (!m_lacking.empty() && trained != nullptr)
        m_scoring = std::make_unique<learn::Scoring>(trained->network, trained->batches, m_lacking);
}

Result<Step> Numbers::step()
{
    if (!m_scoring)
        return Step::done;
    FOVEATE_TRY(const Step step, m_scoring->step());
    if (step == Step::done)
        add(*m_scoring);
    return step;
}

void Numbers::add(const learn::Scoring& scoring)
{
    for (const std::int64_t row : m_lacking)
        m_place.emplace(row, m_place.size());
    append(m_known.features, scoring.features());
    append(m_known.probabilities, scoring.probabilities());
}

std::vector<float> Numbers::cut(const Array<float>& from, const std::vector<std::int64_t>& rows) const
{
    std::vector<float> values;
    if (from.shape.empty())
        return values;
    const std::size_t columns = from.columns();
    values.reserve(rows.size() * columns);
    for (const std::int64_t row : rows) {
        const auto place = m_place.find(row);
        if (place == m_place.end()) {
            values.insert(values.end(), columns, std::numeric_limits<float>::quiet_NaN());
            continue;
        }
        const auto at = from.data.begin() + std::ptrdiff_t(place->second * columns);
        values.insert(values.end(), at, at + std::ptrdiff_t(columns));
    }
    return values;
}

} // namespace foveate::engine
