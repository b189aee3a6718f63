// SPDX-License-Identifier: GPL-3.0-or-later
// TinyNet: three 3×3 convolutions (16, 32, 64 filters, stride 2 each) with batch norm and ReLU. For tests and weak
// machines.
#pragma once

#include "learn/Convolution.h"
#include "learn/Network.h"

#include <array>

namespace foveate::learn {

class TinyNet : public Backbone {
public:
    TinyNet();
    at::Tensor maps(const at::Tensor& images) override;
    void fold() override;
    at::Tensor foldedMaps(const at::Tensor& images) override;
    int dimension() const override { return 64; }

private:
    std::array<torch::nn::Conv2d, 3> m_convolutions;
    std::array<torch::nn::BatchNorm2d, 3> m_norms;
    std::array<Folded, 3> m_folded;
};

} // namespace foveate::learn
