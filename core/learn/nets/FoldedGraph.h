// SPDX-License-Identifier: GPL-3.0-or-later
// FoldedGraph: a graph made ready for evaluation: batch norm in the weights of the convolution before it, and the
// residual sum and the ReLU behind a convolution computed with it.
//
// The same numbers up to rounding (float32: |Δ| ≤ 1e-4 of the largest; bfloat16: about 1e-2). Batch norm that follows
// no convolution (the first of a DenseNet's layers) is a scale and a shift. Folded once: a later change of the graph's
// weights does not reach it. Evaluation only; no gradient.
#pragma once

#include "learn/nets/Graph.h"

#include <memory>

namespace foveate::learn {

class WinogradKernels;

/// A convolution with the batch norm behind it (null: none) as one: weight [O,I,k,k] channels-last and bias [O],
/// float32, computed in double so that folding adds no error of its own.
struct FoldedWeights {
    at::Tensor weight, bias;
};
FoldedWeights folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm);

class FoldedGraph {
public:
    FoldedGraph(const Graph& graph, at::ScalarType dtype);
    /// As Graph::run(), by the graph's own node numbers. REQUIRES: both nodes are there still: node 0, a pool, a ReLU
    /// or a node that nothing was joined to.
    at::Tensor run(const at::Tensor& value, int from, int to) const;

private:
    struct Step {
        Node node;                                   ///< inputs are steps
        at::Tensor weight{}, bias{};                 ///< of a convolution, a linear layer, or scale and shift of a norm
        std::shared_ptr<WinogradKernels> winograd{}; ///< of a convolution in float32 that it may suit
        bool relu = false;
        bool adds = false; ///< inputs[1] is the shortcut
    };
    void addStep(const std::vector<Node>& nodes, const std::vector<int>& users, int first);
    Step convolutionStep(const std::vector<Node>& nodes, const std::vector<int>& users,
                         std::vector<int>& covered) const;
    at::Tensor compute(const Step& step, const std::vector<at::Tensor>& inputs, bool overwriteShortcut) const;

    std::vector<Step> m_steps;
    std::vector<int> m_place;   ///< node of the graph → step
    std::vector<int> m_lastUse; ///< of each step's value
    at::ScalarType m_dtype;
};

} // namespace foveate::learn
