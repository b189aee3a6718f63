// SPDX-License-Identifier: GPL-3.0-or-later
// FineTuner: a network and its optimiser, and one supervised step of both. One thread at a time.
#pragma once

#include "learn/Device.h"
#include "learn/LabelLoss.h"
#include "learn/Network.h"
#include "learn/optim/Optimiser.h"
#include "learn/ranks/GradientMean.h"

#include <memory>
#include <vector>

namespace foveate::learn {

/// What one mini-batch gave.
struct BatchResult {
    double loss = 0;   ///< weighted mean over all ranks' images
    double weight = 0; ///< sum of their weights
    std::int64_t correct = 0;
};

class FineTuner {
public:
    /// `freeze`: the head alone learns, the backbone stays in evaluation mode. `capability`: how a step computes.
    /// `group` (may be null): the ranks that learn together; `synchronise`: their norms see all of a batch's images.
    FineTuner(Network network, const optim::OptimiserOptions& optimiser, bool freeze, const Capability& capability,
              std::shared_ptr<const Group> group = {}, bool synchronise = true);
    /// Forward, backward and, when all of it is finite, the optimiser's step; nonFinite otherwise, with nothing
    /// changed. The weighted mean of LabelLoss.h's. REQUIRES: images [N,C,S,S], N labels and weights, of several ranks
    /// this one's share of a batch whose weights sum up to `batchWeight` (0: there is no other rank). May throw
    /// LibTorch's exceptions: call it guarded.
    Result<BatchResult> learn(const at::Tensor& images, const std::vector<std::int64_t>& labels,
                              const std::vector<float>& weights, double rate, double batchWeight = 0);
    /// Of a multi-label head; 1 each otherwise.
    void setClassWeights(ClassWeights weights) { m_classWeights = std::move(weights); }
    const ClassWeights& classWeights() const { return m_classWeights; }
    /// A fresh optimiser; gradients of a step that failed go with it.
    void restart();
    void dropGradients() { m_optimiser->dropGradients(); }
    Network& network() { return m_network; }
    const Network& network() const { return m_network; }
    optim::Optimiser& optimiser() { return *m_optimiser; }
    const optim::Optimiser& optimiser() const { return *m_optimiser; }

private:
    at::Tensor logits(const at::Tensor& images);
    /// Of all ranks, from this one's.
    BatchResult together(const BatchResult& own) const;

    Network m_network;
    optim::OptimiserOptions m_options;
    bool m_freeze;
    Capability m_capability;
    ClassWeights m_classWeights;
    std::vector<at::Tensor> m_buffers; ///< running statistics, shared with the network
    std::unique_ptr<optim::Optimiser> m_optimiser;
    std::shared_ptr<const Group> m_group; ///< null: one process
    bool m_synchronise;
    std::unique_ptr<GradientMean> m_mean;
};

} // namespace foveate::learn
