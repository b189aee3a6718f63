// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/Losses.h"

#include <ATen/core/grad_mode.h>
#include <limits>
#include <torch/nn/functional/loss.h>
#include <torch/nn/functional/normalization.h>
#include <tuple>

namespace foveate::learn::ssl {
namespace {

namespace functional = torch::nn::functional;

constexpr double kNever = -std::numeric_limits<double>::infinity();

at::Tensor normalised(const at::Tensor& z)
{
    return functional::normalize(z, functional::NormalizeFuncOptions().p(2).dim(1));
}

/// Row i's partner: i + N, modulo 2N.
at::Tensor partners(const at::Tensor& z)
{
    return at::arange(z.size(0), z.options().dtype(at::kLong).requires_grad(false)).roll(z.size(0) / 2);
}

/// Similarities of normalised rows, −∞ on the diagonal.
at::Tensor similarities(const at::Tensor& unit)
{
    return at::mm(unit, unit.t()).fill_diagonal_(kNever);
}

/// log Σ exp over the negatives of every view, [2N].
at::Tensor negatives(const at::Tensor& unit, double temperature)
{
    const at::Tensor scaled = similarities(unit) / temperature;
    return scaled.scatter(1, partners(unit).unsqueeze(1), kNever).logsumexp(1);
}

/// s_ii of the two views of each image, [N].
at::Tensor positives(const at::Tensor& unit)
{
    const auto half = unit.chunk(2);
    return (half[0] * half[1]).sum(1);
}

at::Tensor positiveWeights(const at::Tensor& similarity, double sigma)
{
    return 2 - double(similarity.size(0)) * (similarity / sigma).softmax(0);
}

at::Tensor hingeOf(const at::Tensor& view)
{
    return (1 - (view.var(0) + 1e-4).sqrt()).relu().mean();
}

at::Tensor covarianceOf(const at::Tensor& view)
{
    const at::Tensor centred = view - view.mean(0);
    const at::Tensor covariance = at::mm(centred.t(), centred) / double(view.size(0) - 1);
    const at::Tensor squares = covariance.square();
    return (squares.sum() - squares.diagonal().sum()) / double(view.size(1));
}

at::Tensor cosine(const at::Tensor& a, const at::Tensor& b)
{
    return at::cosine_similarity(a, b, 1, 1e-8).mean();
}

} // namespace

at::Tensor ntXent(const at::Tensor& z, double temperature)
{
    return at::cross_entropy_loss(similarities(normalised(z)) / temperature, partners(z));
}

at::Tensor dcl(const at::Tensor& z, double temperature)
{
    const at::Tensor unit = normalised(z);
    return negatives(unit, temperature).mean() - positives(unit).mean() / temperature;
}

at::Tensor dclw(const at::Tensor& z, double temperature, double sigma)
{
    const at::Tensor unit = normalised(z);
    const at::Tensor similarity = positives(unit);
    const at::Tensor weights = positiveWeights(similarity.detach(), sigma);
    return negatives(unit, temperature).mean() - (weights * similarity).mean() / temperature;
}

at::Tensor dclwOneSided(const at::Tensor& z, double temperature, double sigma)
{
    const at::Tensor unit = normalised(z);
    const at::Tensor similarity = positives(unit);
    const at::Tensor anchors = negatives(unit, temperature).narrow(0, 0, z.size(0) / 2);
    return anchors.mean() - (positiveWeights(similarity, sigma) * similarity).mean() / temperature;
}

at::Tensor simSiam(const at::Tensor& p, const at::Tensor& z)
{
    const auto predicted = p.chunk(2);
    const auto fixed = z.detach().chunk(2);
    return -.5 * (cosine(predicted[0], fixed[1]) + cosine(predicted[1], fixed[0]));
}

at::Tensor vicReg(const at::Tensor& z, Hinge hinge)
{
    const auto view = z.chunk(2);
    const double share = hinge == Hinge::mean ? .5 : 1;
    const at::Tensor variance = (hingeOf(view[0]) + hingeOf(view[1])) * share;
    return 25 * at::mse_loss(view[0], view[1]) + 25 * variance + covarianceOf(view[0]) + covarianceOf(view[1]);
}

ContrastiveAccuracy contrastiveAccuracy(const at::Tensor& z)
{
    const at::NoGradGuard guard;
    const at::Tensor similarity = similarities(normalised(z));
    const std::int64_t n = z.size(0) / 2;
    const auto share = [](const at::Tensor& hits) { return hits.to(at::kDouble).mean().item<double>(); };
    const at::Tensor cross = similarity.narrow(0, 0, n).narrow(1, n, n);
    const at::Tensor own = at::arange(n, z.options().dtype(at::kLong).requires_grad(false));
    return {share(similarity.argmax(1) == partners(z)),
            .5 * (share(cross.argmax(1) == own) + share(cross.argmax(0) == own))};
}

double embeddingDeviation(const at::Tensor& z)
{
    const at::NoGradGuard guard;
    return normalised(z).std(0).mean().item<double>();
}

} // namespace foveate::learn::ssl
