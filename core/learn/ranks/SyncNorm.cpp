// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ranks/SyncNorm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace foveate::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

NormMoments momentsOf(const at::Tensor& x)
{
    const std::int64_t channels = x.size(1);
    // Running statistics in float32 make the layer's own pass over bfloat16 give float32.
    const at::Tensor zeros = at::zeros({channels}, x.options().dtype(at::kFloat));
    const auto [mean, variance] = at::batch_norm_update_stats(x, zeros.clone(), zeros.clone(), 0);
    const double count = double(x.numel() / channels);
    return {count, mean.to(at::kDouble), variance.to(at::kDouble) * count};
}

class SyncNorm : public torch::autograd::Function<SyncNorm> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const at::Tensor& bias, const NormMoments& all, double epsilon, const Group& group)
    {
        const at::Tensor mean = all.mean.to(at::kFloat), variance = (all.squares / all.count).to(at::kFloat);
        context->save_for_backward({x, weight, mean, variance});
        context->saved_data["count"] = all.count;
        context->saved_data["epsilon"] = epsilon;
        context->saved_data["group"] = std::int64_t(reinterpret_cast<std::intptr_t>(&group));
        return at::batch_norm(x, weight, bias, mean, variance, false, 0, epsilon, false);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &variance = saved[3];
        const double count = context->saved_data["count"].toDouble(),
                     epsilon = context->saved_data["epsilon"].toDouble();
        const auto* group = reinterpret_cast<const Group*>(std::intptr_t(context->saved_data["group"].toInt()));
        const at::Tensor gradient = gradients[0].contiguous(x.suggest_memory_format());
        auto [dx, dWeight, dBias] = at::native_batch_norm_backward(gradient, x, weight, mean, variance, {}, {}, false,
                                                                   epsilon, {true, true, true});
        // As if mean and variance were constants; that they follow x adds −w·s·(Σdy + x̂·Σ(dy·x̂))/count, s = 1/√(σ²+ε).
        const at::Tensor sums = at::cat({dBias.to(at::kFloat), dWeight.to(at::kFloat)});
        group->sum(sums);
        const std::int64_t channels = mean.numel();
        const at::Tensor scale = (variance + epsilon).rsqrt(), share = weight * scale / -count;
        // An affine map of x by channel, which batch norm itself computes fastest: x̂·a + b.
        const at::Tensor a = share * sums.narrow(0, channels, channels), b = share * sums.narrow(0, 0, channels);
        dx.add_(at::batch_norm(x, a, b, mean, variance, false, 0, epsilon, false));
        return {dx, dWeight, dBias, at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

} // namespace

NormMoments ofAllRanks(const NormMoments& own, const Group& group)
{
    const at::Tensor sent = at::cat({at::full({1}, own.count, own.mean.options()), own.mean, own.squares});
    const std::int64_t channels = own.mean.numel();
    NormMoments all{0, at::zeros_like(own.mean), at::zeros_like(own.mean)};
    for (const at::Tensor& other : group.gather(sent)) {
        const double n = other[0].item<double>(), total = all.count + n;
        const at::Tensor difference = other.narrow(0, 1, channels) - all.mean;
        all.mean += difference * (n / total);
        all.squares += other.narrow(0, 1 + channels, channels) + difference.square() * (all.count * n / total);
        all.count = total;
    }
    return all;
}

void moveOn(const NormParts& norm, const NormMoments& seen)
{
    const at::NoGradGuard guard;
    const auto towards = [&](const at::Tensor& running, const at::Tensor& value) {
        running.copy_((1 - norm.momentum) * running.to(at::kDouble) + norm.momentum * value);
    };
    towards(norm.runningMean, seen.mean);
    towards(norm.runningVariance, seen.squares / std::max(seen.count - 1, 1.));
    norm.counter.add_(1);
}

at::Tensor syncNorm(const NormParts& norm, const at::Tensor& x, const Group& group)
{
    NormMoments all;
    {
        const at::NoGradGuard guard;
        all = ofAllRanks(momentsOf(x), group);
    }
    moveOn(norm, all);
    return SyncNorm::apply(x, norm.weight, norm.bias, all, norm.epsilon, group);
}

} // namespace foveate::learn
