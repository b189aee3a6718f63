// SPDX-License-Identifier: GPL-3.0-or-later
// ImpactMeter: what the label of each representative is worth: ΔAUC after a short update with it, against the same
// update without it (P4, Algorithm 2; methods.md §4.9).
//
// An update starts from the run's weights: 3 epochs of Adam 3e-4 on up to 64 other labelled images, the representative
// in the first batch; order and dropout are common to all updates of a repeat. AUC on the validation side when 10 are
// labelled there, else 3-fold over the patients of the labelled. Where it is not defined (one class alone) every gain
// is 0. One update is a step; what is measured can be saved and goes on.
#pragma once

#include "base/Job.h"
#include "base/RunFolder.h"
#include "learn/TrainedNetwork.h"
#include "query/LatentClusters.h"

#include <map>
#include <vector>

namespace foveate::engine {

class ImpactMeter {
public:
    /// All are lent. `representatives`: places in the snapshot, each labelled. `labelled`, `validation`: likewise.
    ImpactMeter(const learn::RunContext& context, const learn::TrainedNetwork& trained, const query::Options& options,
                std::vector<std::size_t> representatives, std::vector<std::size_t> labelled,
                const std::vector<std::size_t>& validation);

    Result<Step> step();
    std::int64_t done() const { return std::int64_t(m_predictions.size()); }
    std::int64_t total() const;
    /// In the order of the representatives. REQUIRES: step() has said done.
    std::vector<query::Impact> impacts() const;

    /// Probabilities of every update so far, for a checkpoint.
    const std::vector<std::vector<float>>& predictions() const { return m_predictions; }
    void restore(std::vector<std::vector<float>> predictions) { m_predictions = std::move(predictions); }

private:
    struct Fold {
        std::vector<std::size_t> learns, judged;
    };
    void makeFolds(const std::vector<std::size_t>& labelled, const std::vector<std::size_t>& validation);
    Result<std::vector<float>> update(int repeat, int representative, const Fold& fold) const;
    double aucOf(int repeat, int update) const;
    std::size_t updates() const { return m_representatives.size() + (m_options.control ? 1 : 0); }

    const learn::RunContext& m_context;
    const learn::TrainedNetwork& m_trained;
    const query::Options& m_options;
    std::vector<std::size_t> m_representatives;
    std::vector<Fold> m_folds;
    std::vector<std::vector<float>> m_predictions; ///< by repeat, update, fold
};

} // namespace foveate::engine
