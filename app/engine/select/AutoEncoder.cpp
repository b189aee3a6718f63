// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/select/AutoEncoder.h"

#include "base/Random.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/linear.h>

namespace foveate::engine {
namespace {

constexpr int kEpochs = 50;
constexpr std::size_t kBatch = 64;
constexpr int kBatchesInStep = 8;
constexpr double kRate = 1e-3;
constexpr std::int64_t kPixels = 4096;

/// Dense layers with ReLU between them; weights as torch's Linear starts, from our own generator.
torch::nn::Sequential dense(const std::vector<std::int64_t>& widths, Random& random)
{
    torch::nn::Sequential layers;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
        torch::nn::Linear layer(widths[i], widths[i + 1]);
        const at::NoGradGuard guard;
        const double bound = 1 / std::sqrt(double(widths[i]));
        for (at::Tensor& parameter : layer->parameters()) {
            float* const values = parameter.mutable_data_ptr<float>();
            std::generate(values, values + parameter.numel(), [&] { return float(random.uniform(-bound, bound)); });
        }
        layers->push_back(layer);
        if (i + 2 < widths.size())
            layers->push_back(torch::nn::ReLU());
    }
    return layers;
}

} // namespace

AutoEncoder::AutoEncoder(std::span<const float> thumbnails, std::uint64_t seed) : m_thumbnails(thumbnails), m_seed(seed)
{
    for (std::size_t i = 0; i * kPixels < thumbnails.size(); ++i) {
        const auto row = thumbnails.subspan(i * kPixels, kPixels);
        if (std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); }))
            m_rows.push_back(i);
    }
    Random random = Random::derive(seed, "auto-encoder");
    m_encoder = dense({kPixels, 256, 128, 64, kLatents}, random);
    m_decoder = dense({kLatents, 64, 128, 256, kPixels}, random);
    std::vector<at::Tensor> parameters = m_encoder->parameters();
    const std::vector<at::Tensor> more = m_decoder->parameters();
    parameters.insert(parameters.end(), more.begin(), more.end());
    std::vector<std::string> names;
    for (std::size_t i = 0; i < parameters.size(); ++i)
        names.push_back(std::to_string(i));
    m_optimiser = std::make_unique<learn::optim::Optimiser>(parameters, names,
                                                            learn::optim::usualOptions(learn::optim::Kind::adam));
    shuffle();
}

int AutoEncoder::epochs()
{
    return kEpochs;
}

void AutoEncoder::shuffle()
{
    std::sort(m_rows.begin(), m_rows.end());
    Random::derive(m_seed, "auto-encoder epoch", std::uint64_t(m_epoch)).shuffle(m_rows);
    m_position = 0;
}

at::Tensor AutoEncoder::batch(std::span<const std::size_t> rows) const
{
    at::Tensor images = at::empty({std::int64_t(rows.size()), kPixels}, at::kFloat);
    float* out = images.mutable_data_ptr<float>();
    for (const std::size_t row : rows)
        out = std::ranges::copy(m_thumbnails.subspan(row * kPixels, kPixels), out).out;
    return images;
}

Status AutoEncoder::learn(std::span<const std::size_t> rows)
{
    const at::Tensor images = batch(rows);
    const at::Tensor loss = at::mse_loss(m_decoder->forward(m_encoder->forward(images)), images);
    m_loss = loss.item<double>();
    if (!std::isfinite(m_loss))
        return fail(Code::nonFinite, {"auto-encoder"});
    loss.backward();
    m_optimiser->step(kRate);
    return {};
}

Result<Step> AutoEncoder::step()
{
    for (int i = 0; i < kBatchesInStep && m_epoch < kEpochs && !m_rows.empty(); ++i) {
        const std::size_t end = std::min(m_position + kBatch, m_rows.size());
        FOVEATE_CHECK(learn(std::span(m_rows).subspan(m_position, end - m_position)));
        m_position = end;
        if (m_position == m_rows.size()) {
            ++m_epoch;
            shuffle();
        }
    }
    return m_epoch < kEpochs && !m_rows.empty() ? Step::more : Step::done;
}

std::vector<float> AutoEncoder::latents()
{
    const at::NoGradGuard guard;
    std::vector<float> all(m_thumbnails.size() / kPixels * kLatents, std::numeric_limits<float>::quiet_NaN());
    std::sort(m_rows.begin(), m_rows.end());
    constexpr std::size_t kPart = 1024;
    for (std::size_t begin = 0; begin < m_rows.size(); begin += kPart) {
        const auto rows = std::span(m_rows).subspan(begin, std::min(kPart, m_rows.size() - begin));
        const at::Tensor values = m_encoder->forward(batch(rows)).contiguous();
        const float* from = values.const_data_ptr<float>();
        for (const std::size_t row : rows) {
            std::copy(from, from + kLatents, all.begin() + std::ptrdiff_t(row) * kLatents);
            from += kLatents;
        }
    }
    return all;
}

} // namespace foveate::engine
