// SPDX-License-Identifier: GPL-3.0-or-later
// Scoring: probabilities and features of every sample of a snapshot by one network, in steps, float32.
//
// The network is folded (batch norm into convolutions) and in evaluation mode. Writes probabilities.npy [N,C] (with a
// head), features.npy [N,D] and rows.npy [N], float32 and int64, in the snapshot's order. A result that is not finite
// is never written: nonFinite.
#pragma once

#include "base/Job.h"
#include "learn/Network.h"
#include "learn/PackBatches.h"

#include <cstdint>
#include <string>
#include <vector>

namespace foveate::learn {

class Scoring {
public:
    /// Both must outlive the object; the network is folded and put into evaluation mode here.
    Scoring(Network& network, const PackBatches& batches, std::vector<std::int64_t> rows);

    /// One batch (its size depends on the images' size alone).
    Result<Step> step();
    std::int64_t done() const { return m_done; }
    std::int64_t total() const { return std::int64_t(m_rows.size()); }
    Status write(const std::string& folder) const;

    const at::Tensor& features() const { return m_features; }           ///< [N,D]
    const at::Tensor& probabilities() const { return m_probabilities; } ///< [N,C]; undefined without a head

private:
    Network& m_network;
    const PackBatches& m_batches;
    std::vector<std::int64_t> m_rows;
    std::int64_t m_done = 0;
    at::Tensor m_features;
    at::Tensor m_probabilities;
};

} // namespace foveate::learn
