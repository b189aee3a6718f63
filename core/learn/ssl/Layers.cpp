// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Layers.h"

#include "base/Random.h"
#include "learn/ranks/SyncNorm.h"

#include <ATen/core/grad_mode.h>
#include <cmath>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/linear.h>

namespace foveate::learn::ssl {

SyncNorm1dImpl::SyncNorm1dImpl(int width, std::shared_ptr<const Group> group)
    : torch::nn::BatchNorm1dImpl(torch::nn::BatchNorm1dOptions(width)), m_group(std::move(group))
{}

at::Tensor SyncNorm1dImpl::forward(const at::Tensor& x)
{
    return m_group && is_training() ? syncNorm(partsOf(*this), x, *m_group) : torch::nn::BatchNorm1dImpl::forward(x);
}

torch::nn::Sequential layers(const std::vector<int>& widths, Between between, const std::shared_ptr<const Group>& group)
{
    torch::nn::Sequential result;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
        if (i > 0 && between != Between::relu)
            result->push_back(SyncNorm1d(widths[i], group));
        if (i > 0 && between == Between::normLeakyRelu)
            result->push_back(torch::nn::LeakyReLU());
        else if (i > 0)
            result->push_back(torch::nn::ReLU());
        result->push_back(torch::nn::Linear(widths[i], widths[i + 1]));
    }
    return result;
}

void initialise(torch::nn::Module& module, std::uint64_t seed)
{
    const at::NoGradGuard guard;
    for (auto& item : module.named_modules("", false)) {
        auto* linear = item.value()->as<torch::nn::Linear>();
        if (linear == nullptr)
            continue;
        const double bound = 1 / std::sqrt(double(linear->weight.size(1)));
        for (auto& parameter : linear->named_parameters()) {
            Random random = Random::derive(seed, "weights:" + item.key() + "." + parameter.key());
            float* values = parameter.value().data_ptr<float>();
            for (std::int64_t i = 0; i < parameter.value().numel(); ++i)
                values[i] = float(random.uniform(-bound, bound));
        }
    }
}

} // namespace foveate::learn::ssl
