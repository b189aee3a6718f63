// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/Stem.h"

#include "learn/nets/Lanes.h"
#include "learn/nets/Layouts.h"

#include <ATen/autocast_mode.h>
#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>

namespace foveate::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr std::int64_t kSide = 7;
constexpr std::int64_t kTaps = kSide * kSide;
constexpr std::int64_t kStride = 2;
constexpr std::int64_t kPadding = 3;
constexpr int kColumns = 6; ///< outputs of a row in registers together

struct Shape {
    std::int64_t images, channels, height, width; ///< of the input
    std::int64_t outputs;                         ///< channels
    std::int64_t down() const { return (height + 2 * kPadding - kSide) / kStride + 1; }
    std::int64_t across() const { return (width + 2 * kPadding - kSide) / kStride + 1; }
    std::int64_t lines() const { return channels * kTaps; }
    /// Of one channel's plane with its border; wide enough for the last columns to be computed six at a time.
    std::int64_t planeWidth() const { return kStride * (across() + kColumns) + kSide; }
    std::int64_t planeHeight() const { return height + 2 * kPadding; }
};

Shape shapeOf(const at::Tensor& images, std::int64_t outputs)
{
    return {images.size(0), images.size(1), images.size(2), images.size(3), outputs};
}

/// One image with its border of zeros, [C, planeHeight, planeWidth]. REQUIRES: contiguous images.
void takePlanes(const Shape& shape, const float* image, std::vector<float>& planes)
{
    planes.assign(std::size_t(shape.channels * shape.planeHeight() * shape.planeWidth()), 0.F);
    for (std::int64_t row = 0; row < shape.channels * shape.height; ++row) {
        const std::int64_t channel = row / shape.height, y = row % shape.height;
        std::copy_n(image + row * shape.width, shape.width,
                    planes.data() + (channel * shape.planeHeight() + y + kPadding) * shape.planeWidth() + kPadding);
    }
}

/// Outputs of one image, [down, across, O]. kernels: [O/16, C·49, 16].
template <typename Element>
void convolve(const Shape& shape, const std::vector<float>& planes, const float* kernels, Element* out)
{
    for (std::int64_t y = 0; y < shape.down(); ++y)
        for (std::int64_t o = 0; o < shape.outputs; o += kPanel)
            for (std::int64_t x = 0; x < shape.across(); x += kColumns) {
                Lanes sums[kColumns][2] = {};
                const float* line = kernels + o * shape.lines();
                for (std::int64_t row = 0; row < shape.channels * kSide; ++row) {
                    const float* pixels =
                        planes.data() +
                        (row / kSide * shape.planeHeight() + kStride * y + row % kSide) * shape.planeWidth() +
                        kStride * x;
                    for (int kx = 0; kx < kSide; ++kx, line += kPanel)
                        addLine(sums, pixels + kx, kStride, line);
                }
                const auto columns = int(std::min<std::int64_t>(kColumns, shape.across() - x));
                for (int c = 0; c < columns; ++c) {
                    Element* const to = out + ((y * shape.across() + x + c) * shape.outputs + o);
                    store(to, sums[c][0]);
                    store(to + kLanes, sums[c][1]);
                }
            }
}

/// Adds one image's share to the kernels' gradient, [O/16, C·49, 16].
template <typename Element>
void addGradient(const Shape& shape, const std::vector<float>& planes, const Element* gradient, float* sums)
{
    for (std::int64_t o = 0; o < shape.outputs; o += kPanel)
        for (std::int64_t row = 0; row < shape.channels * kSide; ++row) {
            float* const to = sums + o * shape.lines() + row * kSide * kPanel;
            Lanes held[kSide][2] = {};
            for (std::int64_t y = 0; y < shape.down(); ++y) {
                const float* pixels = planes.data() + (row / kSide * shape.planeHeight() + kStride * y + row % kSide) *
                                                          shape.planeWidth();
                const Element* from = gradient + y * shape.across() * shape.outputs + o;
                for (std::int64_t x = 0; x < shape.across(); ++x, from += shape.outputs, pixels += kStride)
                    addLine(held, pixels, 1, from);
            }
            for (int kx = 0; kx < kSide; ++kx) {
                store(to + kx * kPanel, load(to + kx * kPanel) + held[kx][0]);
                store(to + kx * kPanel + kLanes, load(to + kx * kPanel + kLanes) + held[kx][1]);
            }
        }
}

/// [O,3,7,7] → [O/16, C·49, 16], summed over the inputs for one channel.
at::Tensor packed(const at::Tensor& kernels, std::int64_t channels)
{
    const at::Tensor own = channels == 1 ? kernels.sum(1, true) : kernels;
    return own.reshape({-1, kPanel, channels * kTaps}).transpose(1, 2).contiguous();
}

/// The way back; every input of a grey image's kernels has the same gradient.
at::Tensor unpacked(const at::Tensor& sums, std::int64_t channels)
{
    const at::Tensor own =
        sums.view({-1, channels * kTaps, kPanel}).transpose(1, 2).reshape({-1, channels, kSide, kSide});
    return own.expand({-1, 3, -1, -1}).contiguous(kLast);
}

class StemConvolution : public torch::autograd::Function<StemConvolution> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& kernels,
                              at::ScalarType dtype)
    {
        const at::Tensor images = given.contiguous();
        context->save_for_backward({images});
        const Shape shape = shapeOf(images, kernels.size(0));
        const at::Tensor lines = packed(kernels, shape.channels);
        at::Tensor out = at::empty({shape.images, shape.outputs, shape.down(), shape.across()},
                                   images.options().dtype(dtype), kLast);
        forElement(out, [&](auto element) {
            using Element = decltype(element);
            share(shape.images, 1, [&](std::int64_t, std::int64_t first, std::int64_t end) {
                std::vector<float> planes;
                for (std::int64_t i = first; i < end; ++i) {
                    takePlanes(shape, images.const_data_ptr<float>() + i * images.stride(0), planes);
                    convolve(shape, planes, lines.const_data_ptr<float>(),
                             writableOf<Element>(out) + i * out.stride(0));
                }
            });
        });
        return out;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const at::Tensor images = context->get_saved_variables()[0];
        const at::Tensor gradient = gradients[0].contiguous(kLast);
        const Shape shape = shapeOf(images, gradient.size(1));
        const at::Tensor sums = at::zeros({at::get_num_threads(), shape.outputs * shape.lines()}, at::kFloat);
        forElement(gradient, [&](auto element) {
            using Element = decltype(element);
            share(shape.images, 1, [&](std::int64_t part, std::int64_t first, std::int64_t end) {
                std::vector<float> planes;
                for (std::int64_t i = first; i < end; ++i) {
                    takePlanes(shape, images.const_data_ptr<float>() + i * images.stride(0), planes);
                    addGradient(shape, planes, elementsOf<Element>(gradient) + i * gradient.stride(0),
                                sums[part].mutable_data_ptr<float>());
                }
            });
        });
        return {at::Tensor(), unpacked(sums.sum(0), shape.channels), at::Tensor()};
    }
};

} // namespace

bool suitsStem(const torch::nn::Conv2dImpl& layer, const at::Tensor& images)
{
    return images.device().is_cpu() && images.scalar_type() == at::kFloat && !images.requires_grad() &&
           (images.size(1) == 1 || images.size(1) == 3) && hasWindow(layer, kSide, kStride, kPadding) &&
           layer.options.in_channels() == 3 && layer.options.out_channels() % kPanel == 0 && !layer.bias.defined();
}

at::Tensor convolveStem(const torch::nn::Conv2dImpl& layer, const at::Tensor& images)
{
    return StemConvolution::apply(
        images, layer.weight,
        at::autocast::is_autocast_enabled(at::kCPU) ? at::autocast::get_autocast_dtype(at::kCPU) : at::kFloat);
}

} // namespace foveate::learn
