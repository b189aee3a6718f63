// SPDX-License-Identifier: GPL-3.0-or-later
// AutoEncoder: maps of 64×64 in [0,1] as 32 latents (IDEAL, methods.md §1): dense 4096-256-128-64-32 and mirrored, ReLU
// between, MSE, Adam 1e-3, 50 epochs, batch 64.
//
// Rows that are not finite are left out of training and have NaN latents. Same rows, seed and threads: same latents.
#pragma once

#include "base/Job.h"
#include "learn/optim/Optimiser.h"

#include <cstdint>
#include <memory>
#include <span>
#include <torch/nn/modules/container/sequential.h>
#include <vector>

namespace foveate::engine {

class AutoEncoder {
public:
    static constexpr std::int64_t kLatents = 32;
    /// thumbnails [N,4096], lent for the object's life.
    AutoEncoder(std::span<const float> thumbnails, std::uint64_t seed);

    /// A few batches. May throw LibTorch's exceptions: call it guarded. nonFinite when the loss is.
    Result<Step> step();
    int epoch() const { return m_epoch; }
    static int epochs();
    double loss() const { return m_loss; }
    /// [N,32]. REQUIRES: step() has said done.
    std::vector<float> latents();

private:
    at::Tensor batch(std::span<const std::size_t> rows) const;
    Status learn(std::span<const std::size_t> rows);
    void shuffle();

    std::span<const float> m_thumbnails;
    std::uint64_t m_seed;
    std::vector<std::size_t> m_rows; ///< finite ones, in the order of the epoch
    torch::nn::Sequential m_encoder, m_decoder;
    std::unique_ptr<learn::optim::Optimiser> m_optimiser;
    int m_epoch = 0;
    std::size_t m_position = 0;
    double m_loss = 0;
};

} // namespace foveate::engine
