// SPDX-License-Identifier: GPL-3.0-or-later
// Examination: features of all samples by a network as it stands, and how much they tell, in steps.
//
// A step is one batch of features or one epoch of a probe. Without a set of known truths there are features alone.
// Begun anew on the same weights it ends with the same numbers.
#pragma once

#include "learn/Scoring.h"
#include "learn/ssl/Evaluation.h"

#include <nlohmann/json.hpp>
#include <optional>

namespace foveate::learn::ssl {

class Examination {
public:
    /// Network, batches and set must outlive the object. `probes` are trained in this order.
    Examination(Network& network, const PackBatches& batches, std::vector<std::int64_t> rows,
                const std::optional<EvaluationSet>& set, std::vector<ProbeKind> probes, std::uint64_t seed,
                int threads);

    Result<Step> step();
    const Scoring& scoring() const { return m_scoring; }
    /// knn (k = usualNeighbours), knn20, knn_cosine, probe (the MLP) and probe_linear, as far as they are asked for:
    /// accuracy, balanced_accuracy and f1_weighted each. Empty without a set.
    const nlohmann::json& figures() const { return m_figures; }

private:
    Status askNeighbours();
    Result<Step> probe();

    Scoring m_scoring;
    const std::optional<EvaluationSet>& m_set;
    std::vector<ProbeKind> m_kinds; ///< still to train, the first one now
    std::uint64_t m_seed;
    int m_threads;
    bool m_scored = false;
    std::unique_ptr<Probe> m_probe;
    nlohmann::json m_figures = nlohmann::json::object();
};

} // namespace foveate::learn::ssl
