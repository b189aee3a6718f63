// SPDX-License-Identifier: GPL-3.0-or-later
// Learner: encoder, objective and optimiser, and one step of learning from two views.
#pragma once

#include "learn/Device.h"
#include "learn/Network.h"
#include "learn/optim/Optimiser.h"
#include "learn/ranks/GradientMean.h"
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
    /// `parent` (may be null) gives the encoder's first weights; `group` (may be null) are the ranks that learn
    /// together. Errors of Network and makeObjective().
    static Result<std::unique_ptr<Learner>> create(const PretrainOptions& options, const Capability& capability,
                                                   const TensorMap* parent, std::uint64_t seed,
                                                   std::shared_ptr<const Group> group = {});

    /// One step of the optimiser from batches of so many `images`, whose gradients are added. `viewsOf(i)` gives batch
    /// i, of several ranks this one's share of it, as twoViews() makes it. Both views go through the network at once,
    /// so that batch norm sees them together; the loss is of the whole batch. nonFinite (args: "loss") with nothing
    /// changed when a loss or the gradients are not finite.
    Result<Learnt> learn(const std::vector<std::size_t>& images, const std::function<at::Tensor(std::size_t)>& viewsOf,
                         double rate);

    Network& network() { return m_network; }
    /// Network and objective, shared; names of the objective begin with projector. or predictor.
    TensorMap weights() const;
    TensorMap moments() const { return m_optimiser->state(); }
    /// wrongShape or nonFinite.
    Status load(const TensorMap& weights, const TensorMap& moments);

private:
    Learner(Network network, std::shared_ptr<Objective> objective, const PretrainOptions& options,
            const Capability& capability, std::shared_ptr<const Group> group);
    TensorMap objectiveState() const;
    /// What a batch comes to: `images` of all ranks, `share` of the step's; gradients are exchanged after the `last`.
    struct Part {
        std::size_t images;
        double share;
        bool last;
    };
    Projection project(const at::Tensor& views, std::size_t images);
    /// Adds the gradients of share · loss and what the batch showed. False when the loss is not finite.
    bool addBatch(const at::Tensor& views, const Part& part, Learnt& learnt);

    Network m_network;
    std::shared_ptr<Objective> m_objective;
    Capability m_capability;
    std::unique_ptr<optim::Optimiser> m_optimiser;
    std::vector<at::Tensor> m_statistics; ///< of batch norm, shared
    std::shared_ptr<const Group> m_group; ///< null: one process
    bool m_synchronised;                  ///< batch norm sees all ranks' images
    std::unique_ptr<GradientMean> m_mean;
};

} // namespace foveate::learn::ssl
