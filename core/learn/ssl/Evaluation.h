// SPDX-License-Identifier: GPL-3.0-or-later
// How much frozen features tell: the nearest neighbours' vote and a small probe trained on them (methods.md §3).
//
// Known: samples of the training split (or of none) with a truth. Asked: those of the test split, else of the
// validation split, else a stratified fifth of the known patients, kept out of the known. Deterministic for a seed.
#pragma once

#include "base/Job.h"
#include "base/Result.h"
#include "base/RunFolder.h"

#include <ATen/ATen.h>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace foveate::learn::ssl {

struct EvaluationSet {
    int classes = 0;
    std::vector<std::int64_t> known, asked; ///< places in the snapshot's list of samples
    std::vector<int> knownTruth, askedTruth;
};

/// noTruth when nothing is known or asked; needsClasses for fewer than two classes in the project or among the known.
Result<EvaluationSet> makeEvaluationSet(const Snapshot& snapshot,
                                        const std::vector<std::pair<std::int64_t, int>>& truth);

struct Figures {
    double accuracy = 0;
    double balancedAccuracy = 0;
    double f1Weighted = 0;
};

/// min(200, ⌊n/2⌋) for n known samples.
std::size_t usualNeighbours(std::size_t known);

/// Plain vote of the k nearest by Euclid. features [N,D] of all samples in the snapshot's order.
Result<Figures> neighbourFigures(const EvaluationSet& set, const at::Tensor& features, std::size_t k, int threads);

/// The k nearest by angle vote with e^{cos/.1} each, as lightly's kNN does.
Result<Figures> cosineFigures(const EvaluationSet& set, const at::Tensor& features, std::size_t k, int threads);
/// The classes that such a vote gives to `asked`; the lowest among equals. Errors of embed::nearest().
Result<std::vector<int>> cosineVote(const at::Tensor& known, const std::vector<int>& truth, int classes,
                                    const at::Tensor& asked, std::size_t k, int threads);

/// The probe: one linear layer, or D-512-BN-LeakyReLU-C; Adam 1e-3 halved every 25 of 100 epochs, batches of 64,
/// features standardised by the known. A step is one epoch.
enum class ProbeKind { linear, mlp };
class Probe {
public:
    Probe(const EvaluationSet& set, const at::Tensor& features, ProbeKind kind, std::uint64_t seed);
    ~Probe();
    Step step();
    Result<Figures> figures();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace foveate::learn::ssl
