// SPDX-License-Identifier: GPL-3.0-or-later
// Stacks of linear layers, as projectors, predictors and probes are, with first weights from a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <vector>

namespace foveate::learn {
class Group;
}

namespace foveate::learn::ssl {

/// What stands between two linear layers.
enum class Between { relu, normRelu, normLeakyRelu };

/// Batch norm whose training takes in the images of all ranks (ranks/SyncNorm.h); alone without a group.
class SyncNorm1dImpl : public torch::nn::BatchNorm1dImpl {
public:
    SyncNorm1dImpl(int width, std::shared_ptr<const Group> group);
    at::Tensor forward(const at::Tensor& x);

private:
    std::shared_ptr<const Group> m_group;
};
TORCH_MODULE(SyncNorm1d);

/// Linear layers of these widths, from the first (the input's) to the last (the output's); `group` (may be null) is of
/// the norms between them.
torch::nn::Sequential layers(const std::vector<int>& widths, Between between,
                             const std::shared_ptr<const Group>& group = {});

/// Uniform in ±1/√inputs, PyTorch's own start of a linear layer, but the same on every machine.
void initialise(torch::nn::Module& module, std::uint64_t seed);

} // namespace foveate::learn::ssl
