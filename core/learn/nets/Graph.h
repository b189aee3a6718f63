// SPDX-License-Identifier: GPL-3.0-or-later
// Graph: a network as a list of nodes in the order they are computed, each naming the nodes it takes its input from.
//
// Node 0 is the image, float32 [N,C,S,S] with C = 1 or 3 (one channel is repeated to three); the last node is what the
// network gives. Whoever walks a network (to fold it, to send relevance back through it) walks nodes(). Modules are
// registered under torchvision's names, so that parameters and buffers carry them. One thread at a time.
#pragma once

#include <ATen/ATen.h>
#include <memory>
#include <span>
#include <string>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <vector>

namespace foveate::learn {

class Group;

enum class Op {
    image,         ///< node 0
    convolution,   ///< `convolution`
    upConvolution, ///< `upConvolution`, transposed
    norm,          ///< `norm`, batch norm
    relu,
    maxPool,     ///< `kernel`, `stride`, `padding`
    averagePool, ///< `kernel` = stride
    gridPool,    ///< averages to `kernel`×`kernel`, whatever the input's size
    globalPool,  ///< [N,D,h,w] → [N,D], mean, float32
    sum,         ///< of its two inputs: a residual branch and its shortcut
    concat,      ///< of its two inputs, by channel
    flatten,     ///< [N,D,h,w] → [N,D·h·w]
    linear,      ///< `linear`
    dropout      ///< probability `share`, in training only
};

struct Node {
    Op op = Op::image;
    std::vector<int> inputs{}; ///< nodes before this one
    std::string name{};        ///< of its module ("layer1.0.conv1"); "" without parameters
    torch::nn::Conv2d convolution{nullptr};
    torch::nn::ConvTranspose2d upConvolution{nullptr};
    torch::nn::BatchNorm2d norm{nullptr};
    torch::nn::Linear linear{nullptr};
    int kernel = 0, stride = 0, padding = 0;
    double share = 0;
};

/// Images as networks take them: one channel is repeated to three. (Kernels summed over their inputs would give the
/// same with a third of the products, but the library's convolution of a single channel takes twice as long.)
at::Tensor threeChannels(const at::Tensor& images);

/// What a node makes of its inputs; they are left as they are.
at::Tensor evaluate(const Node& node, std::span<const at::Tensor> inputs, bool training);

class Graph : public torch::nn::Module {
public:
    Graph();
    const std::vector<Node>& nodes() const { return m_nodes; }
    int last() const { return int(m_nodes.size()) - 1; }
    /// run() computes what suits them by our own layers (Winograd.h, Stem.h, FastNorm.h): faster, other last digits.
    void useFastLayers() { m_fastLayers = true; }
    /// In training batch norm takes in the images of all ranks (ranks/SyncNorm.h).
    void synchroniseNorms(std::shared_ptr<const Group> group) { m_group = std::move(group); }

    /// Each adds a node behind `from` and returns its number.
    int convolution(const std::string& name, int from, const torch::nn::Conv2dOptions& options);
    int upConvolution(const std::string& name, int from, const torch::nn::ConvTranspose2dOptions& options);
    int norm(const std::string& name, int from, int channels);
    int linear(const std::string& name, int from, int inputs, int outputs);
    int relu(int from);
    int maxPool(int from, int kernel, int stride, int padding = 0);
    int averagePool(int from, int kernel);
    int gridPool(int from, int side);
    int globalPool(int from);
    int sum(int branch, int shortcut);
    int concat(int first, int second);
    int flatten(int from);
    int dropout(int from, double share);

    /// The value of node `to`, given that of node `from`; batch norm and dropout as train() says. Values are dropped
    /// after their last use, and overwritten where that changes no gradient. REQUIRES: no node after `from` and up to
    /// `to` takes its input from before `from`.
    at::Tensor run(const at::Tensor& value, int from, int to) const;
    at::Tensor forward(const at::Tensor& images) const;

private:
    int add(Node node);
    template <typename Holder> Holder put(const std::string& name, Holder module);
    bool mayOverwrite(int user, int input) const;
    bool readByNextAlone(int node, Op next) const;
    int computeNorm(int node, int to, std::vector<at::Tensor>& values) const;
    at::Tensor compute(const Node& node, std::span<const at::Tensor> inputs) const;
    int computeFast(int node, int to, std::vector<at::Tensor>& values) const;

    std::vector<Node> m_nodes;
    std::vector<int> m_lastUse; ///< of each node's value; the node itself when nobody uses it
    bool m_fastLayers = false;
    std::shared_ptr<const Group> m_group;
};

} // namespace foveate::learn
