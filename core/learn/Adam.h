// SPDX-License-Identifier: GPL-3.0-or-later
// Adam (Kingma 2014) in one fused pass over weights, gradients and moments; PyTorch's numbers.
#pragma once

#include "base/Result.h"
#include "learn/TensorMap.h"

#include <string>
#include <vector>

namespace foveate::learn {

class Adam {
public:
    /// The parameters are shared, in a fixed order; their memory layout must not change afterwards.
    Adam(std::vector<at::Tensor> parameters, std::vector<std::string> names);
    /// REQUIRES: every parameter has a gradient. The gradients are freed.
    void step(double learningRate);
    void dropGradients();
    /// Euclidean norm of all gradients together; not finite when any of them is not.
    double gradientNorm() const;
    /// "<name>.m", "<name>.v" and "steps"; shared, not copied.
    TensorMap state() const;
    /// wrongShape (args: name) when a moment is missing or of another shape.
    Status load(const TensorMap& state);

private:
    std::vector<at::Tensor> gradients() const;
    std::vector<at::Tensor> m_parameters;
    std::vector<std::string> m_names;
    std::vector<at::Tensor> m_first;
    std::vector<at::Tensor> m_second;
    std::vector<at::Tensor> m_steps;
};

} // namespace foveate::learn
