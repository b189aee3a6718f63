// SPDX-License-Identifier: GPL-3.0-or-later
// Optimisers: Adam, AdamW, SGD over LibTorch's fused kernels, and LAMB; PyTorch's numbers where PyTorch has them.
//
// LAMB (You 2020, as P1 uses it): m̂ and v̂ bias-corrected, u = m̂/(√v̂ + ε) + wd·w, w ← w − rate·(‖w‖/‖u‖)·u; the ratio is
// 1 when a norm is 0, and vectors (batch norm, biases) have ratio 1 and no decay. Moments are float32 in the layout of
// their weight. Deterministic; one thread at a time.
#pragma once

#include "base/Result.h"
#include "learn/TensorMap.h"

#include <string>
#include <string_view>
#include <vector>

namespace foveate::learn::optim {

enum class Kind { adam, adamW, sgd, lamb };
std::string_view name(Kind kind);
/// usage (args: "optimiser") for another name.
Result<Kind> kindFromName(std::string_view name);

struct OptimiserOptions {
    Kind kind = Kind::adam;
    double beta1 = .9;     ///< memory of the mean; larger: smoother
    double beta2 = .999;   ///< memory of the squares
    double epsilon = 1e-8; ///< LAMB: 1e-6
    double decay = 0;      ///< weight decay; adam, sgd: added to the gradient, adamW, lamb: decoupled
    double momentum = 0;   ///< of SGD
};
/// The values of methods.md §2 for a kind.
OptimiserOptions usualOptions(Kind kind);

class Optimiser {
public:
    /// The parameters are shared, in a fixed order; their memory layout must not change afterwards.
    Optimiser(std::vector<at::Tensor> parameters, std::vector<std::string> names, const OptimiserOptions& options);
    /// REQUIRES: every parameter has a gradient. The gradients are freed.
    void step(double rate);
    void dropGradients();
    /// Euclidean norm of all gradients together; not finite when any of them is not.
    double gradientNorm() const;
    /// "<name>.m", "<name>.v" as far as the kind keeps them, and "steps"; shared, not copied.
    TensorMap state() const;
    /// wrongShape (args: name) when something is missing or of another shape; then nothing is changed.
    Status load(const TensorMap& state);

private:
    std::vector<at::Tensor> gradients() const;
    void fusedStep(double rate);
    void lambStep(double rate);

    OptimiserOptions m_options;
    std::vector<at::Tensor> m_parameters;
    std::vector<std::string> m_names;
    std::vector<at::Tensor> m_first;  ///< mean of gradients, or SGD's momentum
    std::vector<at::Tensor> m_second; ///< mean of squares
    std::vector<at::Tensor> m_steps;  ///< all equal
};

} // namespace foveate::learn::optim
