// SPDX-License-Identifier: GPL-3.0-or-later
// Objective: one way of learning without labels: the layers it puts behind the encoder, and its loss.
//
// Methods: simclr, dcl, dclw, dclw-p3, simsiam, simsiam-p3, vicreg, vicreg-p3. Heads (for the contrastive four): "p3"
// F-512-128, "p2" three layers of 128, "p1" 512-512-128 with batch norm, "none". Layers are named projector.* and
// predictor.*; their first weights depend on the seed alone.
#pragma once

#include "base/Result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <vector>

namespace foveate::learn {
class Group;
}

namespace foveate::learn::ssl {

struct ObjectiveOptions {
    std::string method = "simclr";
    std::string head = "p3";
    double temperature = .1; ///< τ; smaller: near negatives weigh more (P2: .1, P3's code .5, P1's 1)
    double sigma = .5;       ///< of DCLW's weight
};

/// What the layers make of a batch: z [2N,D], and p [2N,D] where there is a predictor (else p is z).
struct Projection {
    at::Tensor z, p;
};

class Objective : public torch::nn::Module {
public:
    /// features [2N,F], first views first; inside autocast when the encoder is.
    virtual Projection project(const at::Tensor& features) = 0;
    /// Scalar, float32; outside autocast.
    virtual at::Tensor loss(const Projection& projection) const = 0;
};

std::vector<std::string> methods();
/// usage (args: "method" or "head") for an unknown name. `group` (may be null): of the layers' norms.
Result<std::shared_ptr<Objective>> makeObjective(const ObjectiveOptions& options, int features, std::uint64_t seed,
                                                 const std::shared_ptr<const Group>& group = {});

} // namespace foveate::learn::ssl
