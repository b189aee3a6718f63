// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TinyNet.h"

namespace foveate::learn {

TinyNet::TinyNet()
    : m_convolutions{register_module("conv1", convolution(3, 16, 3, 2)),
                     register_module("conv2", convolution(16, 32, 3, 2)),
                     register_module("conv3", convolution(32, 64, 3, 2))},
      m_norms{register_module("bn1", torch::nn::BatchNorm2d(16)), register_module("bn2", torch::nn::BatchNorm2d(32)),
              register_module("bn3", torch::nn::BatchNorm2d(64))}
{}

at::Tensor TinyNet::maps(const at::Tensor& images)
{
    at::Tensor x = threeChannels(images);
    for (std::size_t i = 0; i < m_convolutions.size(); ++i)
        x = m_norms[i](m_convolutions[i](x)).relu_();
    return x;
}

void TinyNet::fold()
{
    for (std::size_t i = 0; i < m_convolutions.size(); ++i)
        m_folded[i] = Folded(m_convolutions[i], m_norms[i]);
}

at::Tensor TinyNet::foldedMaps(const at::Tensor& images)
{
    at::Tensor x = threeChannels(images);
    for (const Folded& folded : m_folded)
        x = folded(x, After::relu);
    return x;
}

} // namespace foveate::learn
