// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/optim/Optimiser.h"

#include <ATen/core/grad_mode.h>
#include <cmath>

namespace foveate::learn::optim {
namespace {

constexpr std::string_view kNames[] = {"adam", "adamw", "sgd", "lamb"};

bool isMatrix(const at::Tensor& parameter)
{
    return parameter.dim() > 1;
}

} // namespace

std::string_view name(Kind kind)
{
    return kNames[int(kind)];
}

Result<Kind> kindFromName(std::string_view name)
{
    for (int i = 0; i < 4; ++i)
        if (name == kNames[i])
            return Kind(i);
    return fail(Code::usage, {"optimiser"});
}

OptimiserOptions usualOptions(Kind kind)
{
    OptimiserOptions options;
    options.kind = kind;
    if (kind == Kind::lamb)
        options.epsilon = options.decay = 1e-6;
    if (kind == Kind::adamW)
        options.decay = .01; // PyTorch's
    return options;
}

Optimiser::Optimiser(std::vector<at::Tensor> parameters, std::vector<std::string> names,
                     const OptimiserOptions& options)
    : m_options(options), m_parameters(std::move(parameters)), m_names(std::move(names))
{
    const bool keepsFirst = options.kind != Kind::sgd || options.momentum > 0;
    for (const at::Tensor& parameter : m_parameters) {
        // The same layout: the fused kernels walk raw memory.
        if (keepsFirst)
            m_first.push_back(at::zeros_like(parameter));
        if (options.kind != Kind::sgd)
            m_second.push_back(at::zeros_like(parameter));
        m_steps.push_back(at::zeros({}, parameter.options().dtype(at::kFloat).requires_grad(false)));
    }
}

std::vector<at::Tensor> Optimiser::gradients() const
{
    std::vector<at::Tensor> list;
    list.reserve(m_parameters.size());
    for (const at::Tensor& parameter : m_parameters)
        list.push_back(parameter.grad());
    return list;
}

void Optimiser::step(double rate)
{
    const at::NoGradGuard guard;
    at::_foreach_add_(m_steps, 1);
    if (m_options.kind == Kind::lamb)
        lambStep(rate);
    else
        fusedStep(rate);
    dropGradients();
}

void Optimiser::fusedStep(double rate)
{
    const OptimiserOptions& o = m_options;
    if (o.kind == Kind::adam)
        at::_fused_adam_(m_parameters, gradients(), m_first, m_second, {}, m_steps, rate, o.beta1, o.beta2, o.decay,
                         o.epsilon, false, false);
    else if (o.kind == Kind::adamW)
        at::_fused_adamw_(m_parameters, gradients(), m_first, m_second, {}, m_steps, rate, o.beta1, o.beta2, o.decay,
                          o.epsilon, false, false);
    else
        at::_fused_sgd_(m_parameters, gradients(), m_first, o.decay, o.momentum, rate, 0, false, false,
                        m_steps.front().item<float>() == 1.F);
}

void Optimiser::lambStep(double rate)
{
    const OptimiserOptions& o = m_options;
    const std::vector<at::Tensor> slopes = gradients();
    const double step = m_steps.front().item<double>();
    at::_foreach_lerp_(m_first, slopes, 1 - o.beta1);
    at::_foreach_mul_(m_second, o.beta2);
    at::_foreach_addcmul_(m_second, slopes, slopes, 1 - o.beta2);
    std::vector<at::Tensor> update = at::_foreach_div(m_second, 1 - std::pow(o.beta2, step));
    at::_foreach_sqrt_(update);
    at::_foreach_add_(update, o.epsilon);
    at::_foreach_reciprocal_(update);
    at::_foreach_mul_(update, m_first);
    at::_foreach_mul_(update, 1 / (1 - std::pow(o.beta1, step)));
    for (std::size_t i = 0; i < update.size(); ++i) {
        at::Tensor& parameter = m_parameters[i];
        if (!isMatrix(parameter)) {
            parameter.sub_(update[i], rate);
            continue;
        }
        update[i].add_(parameter, o.decay);
        const double weightNorm = parameter.norm().item<double>(), updateNorm = update[i].norm().item<double>();
        const double ratio = weightNorm > 0 && updateNorm > 0 ? weightNorm / updateNorm : 1;
        parameter.sub_(update[i], rate * ratio);
    }
}

void Optimiser::dropGradients()
{
    for (at::Tensor& parameter : m_parameters)
        parameter.mutable_grad().reset();
}

double Optimiser::gradientNorm() const
{
    const at::NoGradGuard guard;
    return at::stack(at::_foreach_norm(gradients())).norm().item<double>();
}

TensorMap Optimiser::state() const
{
    TensorMap state;
    for (std::size_t i = 0; i < m_names.size(); ++i) {
        if (!m_first.empty())
            state[m_names[i] + ".m"] = m_first[i];
        if (!m_second.empty())
            state[m_names[i] + ".v"] = m_second[i];
    }
    if (!m_steps.empty())
        state["steps"] = m_steps.front();
    return state;
}

Status Optimiser::load(const TensorMap& state)
{
    const at::NoGradGuard guard;
    const TensorMap own = this->state();
    for (const auto& [name, tensor] : own) {
        const auto found = state.find(name);
        if (found == state.end() || found->second.sizes() != tensor.sizes())
            return fail(Code::wrongShape, {name, "optimiser", "another"});
    }
    for (const auto& [name, tensor] : own)
        tensor.copy_(state.at(name));
    for (at::Tensor& steps : m_steps)
        steps.copy_(m_steps.front());
    return {};
}

} // namespace foveate::learn::optim
