// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Scoring.h"

#include "base/Npy.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>

namespace foveate::learn {
namespace {

/// About 300,000 pixels a step: far below 100 ms on a usual processor, and enough to keep two cores busy; a GPU takes
/// many times as many.
std::int64_t batchFor(int size, bool gpu)
{
    const std::int64_t batch = std::clamp<std::int64_t>(std::int64_t(300000) / (std::int64_t(size) * size), 4, 64);
    return gpu ? 16 * batch : batch;
}

Status writeArray(const std::string& path, const at::Tensor& tensor)
{
    const at::Tensor plain = tensor.contiguous();
    const std::span<const float> data(plain.const_data_ptr<float>(), std::size_t(plain.numel()));
    return writeNpy<float>(path, {std::size_t(plain.size(0)), std::size_t(plain.size(1))}, data);
}

} // namespace

Scoring::Scoring(Network& network, const PackBatches& batches, std::vector<std::int64_t> rows)
    : m_network(network), m_batches(batches), m_rows(std::move(rows))
{
    network.train(false);
    network.fold();
    m_features = at::empty({total(), network.dimension()}, at::kFloat);
    if (network.classes() > 0)
        m_probabilities = at::empty({total(), network.classes()}, at::kFloat);
}

Result<Step> Scoring::step()
{
    const c10::InferenceMode inference;
    const std::int64_t count = std::min(batchFor(m_batches.size(), m_batches.device().is_cuda()), total() - m_done);
    if (count <= 0)
        return Step::done;
    const at::Tensor images = m_batches.batch({m_rows.data() + m_done, std::size_t(count)});
    const at::Tensor features = m_network.foldedFeatures(images);
    m_features.narrow(0, m_done, count).copy_(features);
    if (m_probabilities.defined())
        m_probabilities.narrow(0, m_done, count).copy_(m_network.probabilitiesOfFeatures(features));
    m_done += count;
    return m_done < total() ? Step::more : Step::done;
}

Status Scoring::write(const std::string& folder) const
{
    if (!at::isfinite(m_features).all().item<bool>())
        return fail(Code::nonFinite, {"features"});
    if (m_probabilities.defined() && !at::isfinite(m_probabilities).all().item<bool>())
        return fail(Code::nonFinite, {"probabilities"});
    FOVEATE_CHECK(writeArray(folder + "/features.npy", m_features));
    if (m_probabilities.defined())
        FOVEATE_CHECK(writeArray(folder + "/probabilities.npy", m_probabilities));
    return writeNpy<std::int64_t>(folder + "/rows.npy", {m_rows.size()}, m_rows);
}

} // namespace foveate::learn
