// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/Winograd.h"

#include "learn/nets/Lanes.h"
#include "learn/nets/Layouts.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace foveate::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using winograd::Plan;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;
/// Processors that train in bfloat16 multiply it twice as fast as float32, in which we do: where there are more
/// channels the library's sum over the window is faster (`foveate bench training_step`).
constexpr std::int64_t kMostInputsInBfloat16 = 128;

Plan planOf(const at::Tensor& input, std::int64_t outputs)
{
    return winograd::planFor(input.size(0), input.size(2), input.size(3), input.size(1), outputs);
}

/// The way back: from the outputs' gradient to the inputs'.
Plan backwards(const Plan& plan)
{
    Plan back = plan;
    std::swap(back.inputs, back.outputs);
    return back;
}

template <typename Pack> at::Tensor packed(const Plan& plan, const at::Tensor& kernels, const Pack& pack)
{
    const at::Tensor contiguous = kernels.contiguous(kLast);
    at::Tensor result = at::empty({plan.packedSize()}, at::kFloat);
    share(plan.outputs, kPanel, [&](std::int64_t, std::int64_t first, std::int64_t end) {
        pack(plan, contiguous.const_data_ptr<float>(), result.mutable_data_ptr<float>(), first / kPanel, end / kPanel);
    });
    return result;
}

struct Behind {
    at::Tensor bias{}, added{};
    bool relu = false;
};

/// REQUIRES: everything channels-last; `out` may be `behind.added`.
void convolveInto(const at::Tensor& out, const Plan& plan, const at::Tensor& input, const at::Tensor& packedKernels,
                  const Behind& behind = {})
{
    const at::Tensor scratch = at::empty({at::get_num_threads(), plan.scratchSize()}, at::kFloat);
    forElement(input, [&](auto element) {
        using Element = decltype(element);
        const winograd::Finish<Element> finish{elementsOf<float>(behind.bias), elementsOf<Element>(behind.added),
                                               behind.relu};
        Element* const to = writableOf<Element>(out);
        share(plan.tiles(), plan.block(), [&](std::int64_t part, std::int64_t first, std::int64_t end) {
            winograd::convolve(plan, elementsOf<Element>(input), packedKernels.const_data_ptr<float>(), finish, to,
                               first, end, scratch.mutable_data_ptr<float>() + part * plan.scratchSize());
        });
    });
}

at::Tensor emptyMaps(const at::Tensor& like, std::int64_t channels)
{
    return at::empty({like.size(0), channels, like.size(2), like.size(3)}, like.options(), kLast);
}

/// [O,I,3,3] channels-last, float32.
at::Tensor gradientOfKernels(const Plan& plan, const at::Tensor& input, const at::Tensor& gradient)
{
    const at::Tensor scratch = at::empty({at::get_num_threads(), plan.scratchSize()}, at::kFloat);
    const at::Tensor sums = at::empty({at::get_num_threads(), plan.packedSize()}, at::kFloat);
    forElement(input, [&](auto element) {
        using Element = decltype(element);
        share(plan.tiles(), plan.block(), [&](std::int64_t part, std::int64_t first, std::int64_t end) {
            float* const own = sums.mutable_data_ptr<float>() + part * plan.packedSize();
            std::fill_n(own, plan.packedSize(), 0.F);
            winograd::addKernelGradient(plan, elementsOf<Element>(input), elementsOf<Element>(gradient), own, first,
                                        end, scratch.mutable_data_ptr<float>() + part * plan.scratchSize());
        });
    });
    for (std::int64_t part = 1; part < sums.size(0); ++part)
        sums[0].add_(sums[part]);
    at::Tensor result = at::empty({plan.outputs, plan.inputs, 3, 3}, at::TensorOptions(at::kFloat), kLast);
    share(plan.inputs, kPanel, [&](std::int64_t, std::int64_t first, std::int64_t end) {
        winograd::unpackKernelGradient(plan, sums.const_data_ptr<float>(), result.mutable_data_ptr<float>(),
                                       first / kPanel, end / kPanel);
    });
    return result;
}

class WinogradConvolution : public torch::autograd::Function<WinogradConvolution> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& maps, const at::Tensor& kernels,
                              const std::optional<at::Tensor>& bias)
    {
        const at::Tensor input = maps.contiguous(kLast);
        context->save_for_backward({input, kernels});
        context->saved_data["bias"] = bias.has_value();
        const Plan plan = planOf(input, kernels.size(0));
        at::Tensor out = emptyMaps(input, plan.outputs);
        convolveInto(out, plan, input, packed(plan, kernels, winograd::packKernels),
                     {.bias = bias.value_or(at::Tensor())});
        return out;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor& input = saved[0];
        const at::Tensor gradient = gradients[0].contiguous(kLast);
        const Plan plan = planOf(input, gradient.size(1));
        variable_list result(3);
        if (context->needs_input_grad(0)) {
            const Plan back = backwards(plan);
            result[0] = emptyMaps(gradient, back.outputs);
            convolveInto(result[0], back, gradient, packed(back, saved[1], winograd::packKernelsBackwards));
        }
        if (context->needs_input_grad(1))
            result[1] = gradientOfKernels(plan, input, gradient);
        if (context->saved_data["bias"].toBool() && context->needs_input_grad(2))
            result[2] = gradient.sum({0, 2, 3}, false, at::kFloat);
        return result;
    }
};

} // namespace

bool suitsWinograd(const torch::nn::Conv2dImpl& layer, const at::Tensor& input)
{
    const auto& options = layer.options;
    const bool shape =
        hasWindow(layer, 3, 1, 1) && options.in_channels() % kPanel == 0 && options.out_channels() % kPanel == 0;
    const at::ScalarType dtype = input.scalar_type();
    const bool isLow = dtype == at::kBFloat16 || at::autocast::is_autocast_enabled(at::kCPU);
    if (isLow && options.in_channels() > kMostInputsInBfloat16)
        return false;
    return shape && input.device().is_cpu() && (dtype == at::kFloat || dtype == at::kBFloat16) && input.numel() > 0 &&
           layer.weight.scalar_type() == at::kFloat && winograd::pays(planOf(input, options.out_channels()));
}

at::Tensor convolveByWinograd(const torch::nn::Conv2dImpl& layer, const at::Tensor& input)
{
    const bool casts = at::autocast::is_autocast_enabled(at::kCPU);
    return WinogradConvolution::apply(
        casts ? at::autocast::cached_cast(at::autocast::get_autocast_dtype(at::kCPU), input, at::kCPU) : input,
        layer.weight, layer.bias.defined() ? std::optional(layer.bias) : std::nullopt);
}

WinogradKernels::WinogradKernels(at::Tensor kernels, at::Tensor bias)
    : m_kernels(std::move(kernels)), m_bias(std::move(bias))
{}

at::Tensor WinogradKernels::convolve(const at::Tensor& input, const at::Tensor& addTo, bool relu)
{
    const at::Tensor maps = input.contiguous(kLast);
    const Plan plan = planOf(maps, m_kernels.size(0));
    at::Tensor& packedKernels = m_packed[plan.side];
    if (!packedKernels.defined())
        packedKernels = packed(plan, m_kernels, winograd::packKernels);
    at::Tensor out = addTo.defined() ? addTo.contiguous(kLast) : emptyMaps(maps, plan.outputs);
    convolveInto(out, plan, maps, packedKernels, {m_bias, addTo.defined() ? out : at::Tensor(), relu});
    return out;
}

} // namespace foveate::learn
