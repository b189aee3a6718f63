// SPDX-License-Identifier: GPL-3.0-or-later
// ResNet of basic blocks (He 2015), parameter for parameter torchvision's resnet18/34 without the head.
#pragma once

#include "learn/Convolution.h"
#include "learn/Network.h"

#include <torch/nn/modules/container/sequential.h>
#include <vector>

namespace foveate::learn {

/// Two 3×3 convolutions and the shortcut, which is a 1×1 convolution where the shape changes.
class BasicBlock : public torch::nn::Module {
public:
    BasicBlock(int inputs, int outputs, int stride);
    at::Tensor forward(const at::Tensor& input);
    void fold();
    at::Tensor foldedForward(const at::Tensor& input) const;

private:
    torch::nn::Conv2d m_conv1, m_conv2;
    torch::nn::BatchNorm2d m_bn1, m_bn2;
    torch::nn::Conv2d m_shortcut{nullptr}; ///< with its norm inside m_downsample; null where the shape stays
    torch::nn::BatchNorm2d m_shortcutNorm{nullptr};
    torch::nn::Sequential m_downsample{nullptr};
    Folded m_folded1, m_folded2, m_foldedDownsample;
};

class ResNet : public Backbone {
public:
    /// Blocks per stage; {2,2,2,2} is ResNet-18.
    explicit ResNet(const std::vector<int>& blocks);
    at::Tensor maps(const at::Tensor& images) override;
    void fold() override;
    at::Tensor foldedMaps(const at::Tensor& images) override;
    int dimension() const override { return 512; }

private:
    torch::nn::Conv2d m_conv1;
    torch::nn::BatchNorm2d m_bn1;
    std::vector<std::shared_ptr<BasicBlock>> m_blocks;
    Folded m_folded1;
};

} // namespace foveate::learn
