// SPDX-License-Identifier: GPL-3.0-or-later
// Learner: encoder, objective and optimiser, and one step of learning from two views.
#pragma once

#include "learn/Device.h"
#include "learn/Network.h"
#include "learn/optim/Optimiser.h"
#include "learn/ssl/Losses.h"
#include "learn/ssl/Objective.h"
#include "learn/ssl/PretrainOptions.h"

#include <functional>
#include <memory>
#include <vector>

namespace foveate::learn::ssl {

/// What one step gave.
struct Learnt {
    double loss = 0;
    ContrastiveAccuracy accuracy;
    double deviation = 0; ///< of the embedding, see embeddingDeviation()
    int dimension = 1;    ///< of the embedding
};

class Learner {
public:
    /// `parent` (may be null) gives the encoder's first weights. Errors of Network and makeObjective().
    static Result<std::unique_ptr<Learner>> create(const PretrainOptions& options, const Capability& capability,
                                                   const TensorMap* parent, std::uint64_t seed);

    /// One step of the optimiser from `parts` batches, whose gradients are added. `viewsOf(i)` gives batch i as
    /// twoViews() makes it; `shares` are the batches' parts of all images. Both views go through the network at once,
    /// so that batch norm sees them together. nonFinite (args: "loss") with nothing changed when a loss or the
    /// gradients are not finite.
    Result<Learnt> learn(const std::vector<double>& shares, const std::function<at::Tensor(std::size_t)>& viewsOf,
                         double rate);

    Network& network() { return m_network; }
    /// Network and objective, shared; names of the objective begin with projector. or predictor.
    TensorMap weights() const;
    TensorMap moments() const { return m_optimiser->state(); }
    /// wrongShape or nonFinite.
    Status load(const TensorMap& weights, const TensorMap& moments);

private:
    Learner(Network network, std::shared_ptr<Objective> objective, const PretrainOptions& options,
            const Capability& capability);
    TensorMap objectiveState() const;
    /// Adds the gradients of share · loss and what the batch showed. False when the loss is not finite.
    bool addBatch(const at::Tensor& views, double share, Learnt& learnt);

    Network m_network;
    std::shared_ptr<Objective> m_objective;
    Capability m_capability;
    std::unique_ptr<optim::Optimiser> m_optimiser;
    std::vector<at::Tensor> m_statistics; ///< of batch norm, shared
};

} // namespace foveate::learn::ssl
