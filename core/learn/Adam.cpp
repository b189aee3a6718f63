// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Adam.h"

namespace foveate::learn {

Adam::Adam(std::vector<at::Tensor> parameters, std::vector<std::string> names)
    : m_parameters(std::move(parameters)), m_names(std::move(names))
{
    for (const at::Tensor& parameter : m_parameters) {
        m_first.push_back(at::zeros_like(parameter)); // the same layout: the fused pass walks raw memory
        m_second.push_back(at::zeros_like(parameter));
        m_steps.push_back(at::zeros({}, at::kFloat));
    }
}

std::vector<at::Tensor> Adam::gradients() const
{
    std::vector<at::Tensor> list;
    list.reserve(m_parameters.size());
    for (const at::Tensor& parameter : m_parameters)
        list.push_back(parameter.grad());
    return list;
}

void Adam::step(double learningRate)
{
    const at::NoGradGuard guard;
    at::_foreach_add_(m_steps, 1);
    at::_fused_adam_(m_parameters, gradients(), m_first, m_second, {}, m_steps, learningRate, .9, .999, 0, 1e-8, false, false);
    dropGradients();
}

void Adam::dropGradients()
{
    for (at::Tensor& parameter : m_parameters)
        parameter.mutable_grad().reset();
}

double Adam::gradientNorm() const
{
    const at::NoGradGuard guard;
    return at::stack(at::_foreach_norm(gradients())).norm().item<double>();
}

TensorMap Adam::state() const
{
    TensorMap state;
    for (std::size_t i = 0; i < m_names.size(); ++i) {
        state[m_names[i] + ".m"] = m_first[i];
        state[m_names[i] + ".v"] = m_second[i];
    }
    if (!m_steps.empty())
        state["steps"] = m_steps.front();
    return state;
}

Status Adam::load(const TensorMap& state)
{
    const at::NoGradGuard guard;
    const TensorMap own = this->state();
    for (const auto& [name, tensor] : own) {
        const auto found = state.find(name);
        if (found == state.end() || found->second.sizes() != tensor.sizes())
            return fail(Code::wrongShape, {name, "optimiser", "another"});
        tensor.copy_(found->second);
    }
    for (at::Tensor& steps : m_steps)
        steps.copy_(m_steps.front());
    return {};
}

} // namespace foveate::learn
