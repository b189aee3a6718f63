// SPDX-License-Identifier: GPL-3.0-or-later
// The figures with a whole-number weight on every image: what both metrics() and its bootstrap compute.
// Internal to score/.
#pragma once

#include "score/Metrics.h"

#include <span>

namespace foveate::score {

/// Prepared once, evaluated for any weights (0: the image is not there). REQUIRES: predictions that check() accepts,
/// and that outlive the object.
class Weighted {
public:
    explicit Weighted(const Predictions& predictions);
    /// All of Metrics except the counts of images and patients. REQUIRES: weights.size() == N.
    Metrics evaluate(std::span<const int> weights) const;

private:
    bool applies(int label, std::size_t classIndex) const;
    void addQuestions(std::span<const int> weights, Metrics& out) const;
    void addConfusion(std::span<const int> weights, Metrics& out) const;
    std::optional<double> auc(std::size_t classIndex, std::span<const int> weights) const;
    double calibrationError(std::span<const int> weights) const;

    const Predictions& m_predictions;
    std::vector<int> m_predicted;
    std::vector<std::vector<std::size_t>> m_ascending; ///< per class: rows by rising probability
};

Status check(const Predictions& predictions);

} // namespace foveate::score
