// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ResNet.h"

namespace foveate::learn {

BasicBlock::BasicBlock(int inputs, int outputs, int stride)
    : m_conv1(register_module("conv1", convolution(inputs, outputs, 3, stride))),
      m_conv2(register_module("conv2", convolution(outputs, outputs, 3))),
      m_bn1(register_module("bn1", torch::nn::BatchNorm2d(outputs))),
      m_bn2(register_module("bn2", torch::nn::BatchNorm2d(outputs)))
{
    if (stride == 1 && inputs == outputs)
        return;
    m_shortcut = convolution(inputs, outputs, 1, stride);
    m_shortcutNorm = torch::nn::BatchNorm2d(outputs);
    m_downsample = register_module("downsample", torch::nn::Sequential(m_shortcut, m_shortcutNorm));
}

at::Tensor BasicBlock::forward(const at::Tensor& input)
{
    at::Tensor output = m_bn1(m_conv1(input)).relu_();
    output = m_bn2(m_conv2(output));
    const at::Tensor shortcut = m_downsample ? m_downsample->forward(input) : input;
    return output.add_(shortcut).relu_();
}

void BasicBlock::fold()
{
    m_folded1 = Folded(m_conv1, m_bn1);
    m_folded2 = Folded(m_conv2, m_bn2);
    if (m_downsample)
        m_foldedDownsample = Folded(m_shortcut, m_shortcutNorm);
}

at::Tensor BasicBlock::foldedForward(const at::Tensor& input) const
{
    const at::Tensor shortcut = m_downsample ? m_foldedDownsample(input, After::nothing) : input;
    return m_folded2.addTo(shortcut, m_folded1(input, After::relu));
}

ResNet::ResNet(const std::vector<int>& blocks)
    : m_conv1(register_module("conv1",
                              torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 64, 7).stride(2).padding(3).bias(false)))),
      m_bn1(register_module("bn1", torch::nn::BatchNorm2d(64)))
{
    int inputs = 64;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
        const int outputs = 64 << stage;
        torch::nn::Sequential layer;
        for (int i = 0; i < blocks[stage]; ++i) {
            m_blocks.push_back(std::make_shared<BasicBlock>(inputs, outputs, stage > 0 && i == 0 ? 2 : 1));
            layer->push_back(m_blocks.back());
            inputs = outputs;
        }
        register_module("layer" + std::to_string(stage + 1), layer);
    }
}

at::Tensor ResNet::maps(const at::Tensor& images)
{
    at::Tensor x = m_bn1(m_conv1(threeChannels(images))).relu_();
    x = at::max_pool2d(x, 3, 2, 1);
    for (const auto& block : m_blocks)
        x = block->forward(x);
    return x;
}

void ResNet::fold()
{
    m_folded1 = Folded(m_conv1, m_bn1);
    for (const auto& block : m_blocks)
        block->fold();
}

at::Tensor ResNet::foldedMaps(const at::Tensor& images)
{
    at::Tensor x = at::max_pool2d(m_folded1(threeChannels(images), After::relu), 3, 2, 1);
    for (const auto& block : m_blocks)
        x = block->foldedForward(x);
    return x;
}

} // namespace foveate::learn
