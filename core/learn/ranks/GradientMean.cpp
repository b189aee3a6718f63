// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ranks/GradientMean.h"

#include <algorithm>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

namespace foveate::learn {
namespace {

constexpr std::int64_t kFirstBytes = 1 << 20, kBytes = 25 << 20; ///< PyTorch's usual sizes of an exchange
constexpr int kStepsOfReducer = 1000;

} // namespace

GradientMean::GradientMean(std::shared_ptr<const Group> group, std::vector<at::Tensor> parameters)
    : m_group(std::move(group)), m_parameters(std::move(parameters))
{
    restart();
}

GradientMean::~GradientMean() = default;

void GradientMean::restart()
{
    m_reducer.reset(); // its hooks go before new ones come
    const std::vector<bool> sparse(m_parameters.size(), false);
    auto [buckets, limits] =
        c10d::compute_bucket_assignment_by_size(m_parameters, {std::size_t(kFirstBytes), std::size_t(kBytes)}, sparse);
    std::reverse(buckets.begin(), buckets.end()); // the last layers' gradients come first
    m_reducer = std::make_unique<c10d::Reducer>(m_parameters, std::move(buckets), m_group->processes(), sparse, kBytes,
                                                false, false, std::unordered_map<std::size_t, std::string>(),
                                                kFirstBytes, false, false, std::vector<std::int64_t>());
    m_steps = 0;
}

void GradientMean::prepare()
{
    // The reducer could order its exchanges anew after the first step. Sums would then round otherwise than after a
    // resume, so it is never told to; it goes on noting the order at each step, and begins afresh before that weighs.
    if (++m_steps > kStepsOfReducer)
        restart();
    m_reducer->prepare_for_forward();
    m_reducer->prepare_for_backward({});
}

} // namespace foveate::learn
