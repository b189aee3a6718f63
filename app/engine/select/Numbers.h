// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers: probabilities and features of the samples that a ranking needs, known before or computed now.
#pragma once

#include "app/engine/select/SelectSamples.h"
#include "learn/Scoring.h"
#include "learn/TrainedNetwork.h"

#include <memory>
#include <unordered_map>

namespace foveate::engine {

class Numbers {
public:
    /// `wanted`: pack rows. What `known` lacks is scored by steps; `trained` may be null when nothing is lacking.
    Numbers(KnownNumbers known, const std::vector<std::int64_t>& wanted, learn::TrainedNetwork* trained,
            bool needsProbabilities);

    Result<Step> step();
    std::int64_t done() const { return m_scoring ? m_scoring->done() : 0; }
    std::int64_t total() const { return m_scoring ? m_scoring->total() : 0; }

    std::size_t classes() const { return m_known.probabilities.shape.empty() ? 0 : m_known.probabilities.columns(); }
    std::size_t dimensions() const { return m_known.features.shape.empty() ? 0 : m_known.features.columns(); }
    /// [rows, columns]; empty when nobody has them. REQUIRES: step() has said done, rows among the wanted.
    std::vector<float> probabilities(const std::vector<std::int64_t>& rows) const
    {
        return cut(m_known.probabilities, rows);
    }
    std::vector<float> features(const std::vector<std::int64_t>& rows) const { return cut(m_known.features, rows); }

private:
    std::vector<float> cut(const Array<float>& from, const std::vector<std::int64_t>& rows) const;
    void add(const learn::Scoring& scoring);

    KnownNumbers m_known;
    std::vector<std::int64_t> m_lacking;
    std::unordered_map<std::int64_t, std::size_t> m_place;
    std::unique_ptr<learn::Scoring> m_scoring;
};

} // namespace foveate::engine
