// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/NormRelu.h"

#include "learn/nets/Lanes.h"
#include "learn/nets/Layouts.h"

#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>
#include <vector>

namespace foveate::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr std::int64_t kBlock = 64; ///< rows read twice while they are in the cache

/// Maps as rows (pixels) of channels.
struct Rows {
    std::int64_t count, channels;
};

Rows rowsOf(const at::Tensor& maps)
{
    return {maps.numel() / maps.size(1), maps.size(1)};
}

struct Moments {
    double count = 0;
    std::vector<double> mean, squares; ///< squares: summed, about the mean

    explicit Moments(std::int64_t channels) : mean(std::size_t(channels)), squares(std::size_t(channels)) {}

    void merge(double otherCount, std::size_t channel, double otherMean, double otherSquares)
    {
        const double all = count + otherCount, gap = otherMean - mean[channel];
        mean[channel] += gap * otherCount / all;
        squares[channel] += otherSquares + gap * gap * count * otherCount / all;
    }
};

template <typename Element>
void addMoments(const Rows& rows, const Element* maps, std::int64_t first, std::int64_t end, Moments& moments)
{
    for (; first < end; first += kBlock) {
        const std::int64_t count = std::min(kBlock, end - first);
        for (std::int64_t c = 0; c < rows.channels; c += kLanes) {
            const Element* from = maps + first * rows.channels + c;
            Lanes sum = {}, squares = {};
            for (std::int64_t r = 0; r < count; ++r)
                sum += load(from + r * rows.channels);
            const Lanes mean = sum / float(count);
            for (std::int64_t r = 0; r < count; ++r) {
                const Lanes gap = load(from + r * rows.channels) - mean;
                squares += gap * gap;
            }
            for (int l = 0; l < kLanes; ++l)
                moments.merge(double(count), std::size_t(c + l), double(mean[l]), double(squares[l]));
        }
        moments.count += double(count);
    }
}

Moments momentsOf(const at::Tensor& maps)
{
    const Rows rows = rowsOf(maps);
    std::vector<Moments> parts(std::size_t(at::get_num_threads()), Moments(rows.channels));
    forElement(maps, [&](auto element) {
        using Element = decltype(element);
        share(rows.count, 1, [&](std::int64_t part, std::int64_t first, std::int64_t end) {
            addMoments(rows, elementsOf<Element>(maps), first, end, parts[std::size_t(part)]);
        });
    });
    for (std::size_t part = 1; part < parts.size(); ++part) {
        if (parts[part].count == 0)
            continue;
        for (std::size_t c = 0; c < parts[0].mean.size(); ++c)
            parts[0].merge(parts[part].count, c, parts[part].mean[c], parts[part].squares[c]);
        parts[0].count += parts[part].count;
    }
    return parts[0];
}

/// What one channel's values are multiplied by and shifted by, and how they were distributed. [C] each, float32.
struct Affine {
    at::Tensor scale, shift, mean, inverse; ///< inverse: 1 / deviation
};

Affine affineOf(const Moments& moments, const at::Tensor& weight, const at::Tensor& bias, double eps)
{
    const at::Tensor mean = at::tensor(moments.mean, at::kDouble);
    const at::Tensor variance = at::tensor(moments.squares, at::kDouble) / moments.count;
    const at::Tensor inverse = (variance + eps).rsqrt();
    const at::Tensor scale = weight.to(at::kDouble) * inverse;
    return {scale.to(at::kFloat), (bias.to(at::kDouble) - mean * scale).to(at::kFloat), mean.to(at::kFloat),
            inverse.to(at::kFloat)};
}

template <typename Element>
void normaliseAndClip(const Rows& rows, const Element* maps, const float* scale, const float* shift, Element* out,
                      std::int64_t first, std::int64_t end)
{
    for (std::int64_t row = first; row < end; ++row)
        for (std::int64_t c = 0; c < rows.channels; c += kLanes) {
            const Lanes value = load(maps + row * rows.channels + c) * load(scale + c) + load(shift + c);
            store(out + row * rows.channels + c, value > 0.F ? value : Lanes{});
        }
}

/// The gradient before the ReLU of eight values.
template <typename Element>
Lanes passed(const Element* maps, const Element* gradient, const float* scale, const float* shift)
{
    const Lanes value = load(maps) * load(scale) + load(shift);
    return value > 0.F ? load(gradient) : Lanes{};
}

/// Adds to `sums` [2,C]: the gradient, and the gradient times the normalised value.
template <typename Element>
void addSums(const Rows& rows, const Element* maps, const Element* gradient, const Affine& affine, std::int64_t first,
             std::int64_t end, double* sums)
{
    const float* const scale = affine.scale.const_data_ptr<float>();
    const float* const shift = affine.shift.const_data_ptr<float>();
    const float* const mean = affine.mean.const_data_ptr<float>();
    const float* const inverse = affine.inverse.const_data_ptr<float>();
    for (; first < end; first += kBlock) {
        const std::int64_t count = std::min(kBlock, end - first);
        for (std::int64_t c = 0; c < rows.channels; c += kLanes) {
            const std::int64_t begin = first * rows.channels + c;
            Lanes sum = {}, product = {};
            for (std::int64_t r = 0; r < count; ++r) {
                const std::int64_t place = begin + r * rows.channels;
                const Lanes g = passed(maps + place, gradient + place, scale + c, shift + c);
                sum += g;
                product += g * (load(maps + place) - load(mean + c));
            }
            product *= load(inverse + c);
            for (int l = 0; l < kLanes; ++l) {
                sums[c + l] += double(sum[l]);
                sums[rows.channels + c + l] += double(product[l]);
            }
        }
    }
}

/// scale · (g − mean of g − normalised value · mean of g times it), as g · scale + value · slope + level.
template <typename Element>
void giveBack(const Rows& rows, const Element* maps, const Element* gradient, const Affine& affine, const float* slope,
              const float* level, Element* out, std::int64_t first, std::int64_t end)
{
    const float* const scale = affine.scale.const_data_ptr<float>();
    const float* const shift = affine.shift.const_data_ptr<float>();
    for (std::int64_t row = first; row < end; ++row)
        for (std::int64_t c = 0; c < rows.channels; c += kLanes) {
            const std::int64_t place = row * rows.channels + c;
            const Lanes g = passed(maps + place, gradient + place, scale + c, shift + c);
            store(out + place, g * load(scale + c) + load(maps + place) * load(slope + c) + load(level + c));
        }
}

class NormRelu : public torch::autograd::Function<NormRelu> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight,
                              const at::Tensor& bias, const at::Tensor& runningMean, const at::Tensor& runningVariance,
                              double momentum, double eps)
    {
        const at::Tensor maps = given.contiguous(kLast);
        const Moments moments = momentsOf(maps);
        const Affine affine = affineOf(moments, weight, bias, eps);
        moveOn(runningMean, at::tensor(moments.mean, at::kDouble), momentum);
        moveOn(runningVariance, at::tensor(moments.squares, at::kDouble) / (moments.count - 1), momentum);
        at::Tensor out = at::empty_like(maps);
        const Rows rows = rowsOf(maps);
        forElement(maps, [&](auto element) {
            using Element = decltype(element);
            share(rows.count, 1, [&](std::int64_t, std::int64_t first, std::int64_t end) {
                normaliseAndClip(rows, elementsOf<Element>(maps), affine.scale.const_data_ptr<float>(),
                                 affine.shift.const_data_ptr<float>(), writableOf<Element>(out), first, end);
            });
        });
        context->save_for_backward({maps, affine.scale, affine.shift, affine.mean, affine.inverse});
        return out;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor& maps = saved[0];
        const Affine affine{saved[1], saved[2], saved[3], saved[4]};
        const at::Tensor gradient = gradients[0].contiguous(kLast);
        const Rows rows = rowsOf(maps);
        const at::Tensor sums = summed(rows, maps, gradient, affine);
        const at::Tensor ofMean = affine.scale * sums[0] / double(rows.count);
        const at::Tensor slope = -affine.scale * affine.inverse * sums[1] / double(rows.count);
        const at::Tensor slopes = slope.to(at::kFloat), levels = (-ofMean - slope * affine.mean).to(at::kFloat);
        at::Tensor out = at::empty_like(maps);
        forElement(maps, [&](auto element) {
            using Element = decltype(element);
            share(rows.count, 1, [&](std::int64_t, std::int64_t first, std::int64_t end) {
                giveBack(rows, elementsOf<Element>(maps), elementsOf<Element>(gradient), affine,
                         slopes.const_data_ptr<float>(), levels.const_data_ptr<float>(), writableOf<Element>(out),
                         first, end);
            });
        });
        variable_list result(7);
        result[0] = out;
        result[1] = sums[1].to(at::kFloat);
        result[2] = sums[0].to(at::kFloat);
        return result;
    }

private:
    static void moveOn(const at::Tensor& running, const at::Tensor& seen, double momentum)
    {
        running.copy_((1 - momentum) * running.to(at::kDouble) + momentum * seen);
    }

    /// [2,C] double.
    static at::Tensor summed(const Rows& rows, const at::Tensor& maps, const at::Tensor& gradient, const Affine& affine)
    {
        const at::Tensor parts = at::zeros({at::get_num_threads(), 2, rows.channels}, at::kDouble);
        forElement(maps, [&](auto element) {
            using Element = decltype(element);
            share(rows.count, 1, [&](std::int64_t part, std::int64_t first, std::int64_t end) {
                addSums(rows, elementsOf<Element>(maps), elementsOf<Element>(gradient), affine, first, end,
                        parts.mutable_data_ptr<double>() + part * 2 * rows.channels);
            });
        });
        return parts.sum(0);
    }
};

} // namespace

bool suitsNormRelu(const torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps)
{
    const at::ScalarType dtype = maps.scalar_type();
    return maps.device().is_cpu() && (dtype == at::kFloat || dtype == at::kBFloat16) && maps.size(1) % kPanel == 0 &&
           maps.numel() > maps.size(1) && norm.weight.defined() && norm.running_mean.defined() &&
           norm.options.momentum().has_value();
}

at::Tensor normRelu(torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps)
{
    {
        const at::NoGradGuard guard;
        norm.num_batches_tracked.add_(1);
    }
    return NormRelu::apply(maps, norm.weight, norm.bias, norm.running_mean, norm.running_var, *norm.options.momentum(),
                           norm.options.eps());
}

} // namespace foveate::learn
