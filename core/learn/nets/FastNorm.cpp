// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/FastNorm.h"

#include "learn/nets/Lanes.h"
#include "learn/nets/Layouts.h"
#include "learn/ranks/SyncNorm.h"

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

struct Merged {
    double count = 0;
    std::vector<double> mean, squares; ///< squares: summed, about the mean

    explicit Merged(std::int64_t channels) : mean(std::size_t(channels)), squares(std::size_t(channels)) {}

    void merge(double otherCount, std::size_t channel, double otherMean, double otherSquares)
    {
        const double all = count + otherCount, gap = otherMean - mean[channel];
        mean[channel] += gap * otherCount / all;
        squares[channel] += otherSquares + gap * gap * count * otherCount / all;
    }
};

template <typename Element>
void addMoments(const Rows& rows, const Element* maps, std::int64_t first, std::int64_t end, Merged& moments)
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

NormMoments momentsOf(const at::Tensor& maps)
{
    const Rows rows = rowsOf(maps);
    std::vector<Merged> parts(std::size_t(at::get_num_threads()), Merged(rows.channels));
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
    return {parts[0].count, at::tensor(parts[0].mean, at::kDouble), at::tensor(parts[0].squares, at::kDouble)};
}

/// What one channel's values are multiplied by and shifted by, and how they were distributed. [C] each, float32.
struct Affine {
    at::Tensor scale, shift, mean, inverse; ///< inverse: 1 / deviation
};

Affine affineOf(const NormMoments& moments, const NormParts& norm)
{
    const at::Tensor inverse = (moments.squares / moments.count + norm.epsilon).rsqrt();
    const at::Tensor scale = norm.weight.to(at::kDouble) * inverse;
    return {scale.to(at::kFloat), (norm.bias.to(at::kDouble) - moments.mean * scale).to(at::kFloat),
            moments.mean.to(at::kFloat), inverse.to(at::kFloat)};
}

/// What stands behind the norm; `added` only where it is asked for.
template <bool adds, bool clips, typename Element>
void normalise(const Rows& rows, const Element* maps, const Element* added, const Affine& affine, Element* out,
               std::int64_t first, std::int64_t end)
{
    const float* const scale = affine.scale.const_data_ptr<float>();
    const float* const shift = affine.shift.const_data_ptr<float>();
    for (std::int64_t row = first; row < end; ++row)
        for (std::int64_t c = 0; c < rows.channels; c += kLanes) {
            const std::int64_t place = row * rows.channels + c;
            Lanes value = load(maps + place) * load(scale + c) + load(shift + c);
            if constexpr (adds)
                value += load(added + place);
            if constexpr (clips)
                value = value > 0.F ? value : Lanes{};
            store(out + place, value);
        }
}

/// What tells, in the way back, where the ReLU let values through: themselves, or what came out where a shortcut's was
/// added to them.
template <typename Element> struct Shown {
    const Element *maps, *out;
    const float *scale, *shift;
};

/// The gradient before the ReLU of eight values, those of channel c and after it, at `place`.
template <bool adds, bool clips, typename Element>
Lanes passed(const Shown<Element>& shown, const Element* gradient, std::int64_t place, std::int64_t c)
{
    if constexpr (!clips)
        return load(gradient + place);
    else if constexpr (adds)
        return load(shown.out + place) > 0.F ? load(gradient + place) : Lanes{};
    else
        return load(shown.maps + place) * load(shown.scale + c) + load(shown.shift + c) > 0.F ? load(gradient + place)
                                                                                              : Lanes{};
}

/// Adds to `sums` [2,C]: the gradient, and the gradient times the normalised value.
template <bool adds, bool clips, typename Element>
void addSums(const Rows& rows, const Shown<Element>& shown, const Element* gradient, const Affine& affine,
             std::int64_t first, std::int64_t end, double* sums)
{
    const float* const mean = affine.mean.const_data_ptr<float>();
    const float* const inverse = affine.inverse.const_data_ptr<float>();
    for (; first < end; first += kBlock) {
        const std::int64_t count = std::min(kBlock, end - first);
        for (std::int64_t c = 0; c < rows.channels; c += kLanes) {
            const std::int64_t begin = first * rows.channels + c;
            Lanes sum = {}, product = {};
            for (std::int64_t r = 0; r < count; ++r) {
                const std::int64_t place = begin + r * rows.channels;
                const Lanes g = passed<adds, clips>(shown, gradient, place, c);
                sum += g;
                product += g * (load(shown.maps + place) - load(mean + c));
            }
            product *= load(inverse + c);
            for (int l = 0; l < kLanes; ++l) {
                sums[c + l] += double(sum[l]);
                sums[rows.channels + c + l] += double(product[l]);
            }
        }
    }
}

/// scale · (g − mean of g − normalised value · mean of g times it), as g · scale + value · slope + level; to `ofAdded`,
/// where there is one, goes g itself.
template <bool adds, bool clips, typename Element>
void giveBack(const Rows& rows, const Shown<Element>& shown, const Element* gradient, const float* slope,
              const float* level, Element* ofMaps, Element* ofAdded, std::int64_t first, std::int64_t end)
{
    for (std::int64_t row = first; row < end; ++row)
        for (std::int64_t c = 0; c < rows.channels; c += kLanes) {
            const std::int64_t place = row * rows.channels + c;
            const Lanes g = passed<adds, clips>(shown, gradient, place, c);
            store(ofMaps + place,
                  g * load(shown.scale + c) + load(shown.maps + place) * load(slope + c) + load(level + c));
            if constexpr (adds)
                store(ofAdded + place, g);
        }
}

/// Calls work.template operator()<adds, clips>().
template <typename Work> void forBehind(bool adds, bool clips, const Work& work)
{
    if (adds && clips)
        work.template operator()<true, true>();
    else if (adds)
        work.template operator()<true, false>();
    else if (clips)
        work.template operator()<false, true>();
    else
        work.template operator()<false, false>();
}

class FastNorm : public torch::autograd::Function<FastNorm> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& /*weight*/,
                              const at::Tensor& /*bias*/, const std::optional<at::Tensor>& shortcut,
                              const NormParts& norm, bool relu, const Group* group)
    {
        const at::Tensor maps = given.contiguous(kLast);
        const at::Tensor added = shortcut ? shortcut->contiguous(kLast) : at::Tensor();
        const NormMoments own = momentsOf(maps), moments = group != nullptr ? ofAllRanks(own, *group) : own;
        const Affine affine = affineOf(moments, norm);
        moveOn(norm, moments);
        at::Tensor out = at::empty_like(maps);
        const Rows rows = rowsOf(maps);
        forElement(maps, [&](auto element) {
            using Element = decltype(element);
            forBehind(added.defined(), relu, [&]<bool adds, bool clips>() {
                share(rows.count, 1, [&](std::int64_t, std::int64_t first, std::int64_t end) {
                    normalise<adds, clips>(rows, elementsOf<Element>(maps), elementsOf<Element>(added), affine,
                                           writableOf<Element>(out), first, end);
                });
            });
        });
        context->save_for_backward({maps, relu && added.defined() ? out : at::Tensor(), affine.scale, affine.shift,
                                    affine.mean, affine.inverse});
        context->saved_data["adds"] = added.defined();
        context->saved_data["clips"] = relu;
        context->saved_data["count"] = moments.count;
        context->saved_data["group"] = std::int64_t(reinterpret_cast<std::intptr_t>(group));
        return out;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &maps = saved[0], &out = saved[1];
        const Affine affine{saved[2], saved[3], saved[4], saved[5]};
        const auto* group = reinterpret_cast<const Group*>(std::intptr_t(context->saved_data["group"].toInt()));
        const double count = context->saved_data["count"].toDouble();
        const bool adds = context->saved_data["adds"].toBool(), clips = context->saved_data["clips"].toBool();
        const at::Tensor gradient = gradients[0].contiguous(kLast);
        const Rows rows = rowsOf(maps);
        const at::Tensor own = summed(rows, maps, out, gradient, affine, adds, clips);
        const at::Tensor sums = group != nullptr ? own.clone() : own;
        if (group != nullptr)
            group->sum(sums);
        const at::Tensor ofMean = affine.scale * sums[0] / count;
        const at::Tensor slope = -affine.scale * affine.inverse * sums[1] / count;
        const at::Tensor slopes = slope.to(at::kFloat), levels = (-ofMean - slope * affine.mean).to(at::kFloat);
        at::Tensor ofMaps = at::empty_like(maps), ofAdded = adds ? at::empty_like(maps) : at::Tensor();
        forElement(maps, [&](auto element) {
            using Element = decltype(element);
            const Shown<Element> shown = shownOf<Element>(maps, out, affine);
            Element* const toAdded = adds ? writableOf<Element>(ofAdded) : nullptr;
            forBehind(adds, clips, [&]<bool adding, bool clipping>() {
                share(rows.count, 1, [&](std::int64_t, std::int64_t first, std::int64_t end) {
                    giveBack<adding, clipping>(rows, shown, elementsOf<Element>(gradient),
                                               slopes.const_data_ptr<float>(), levels.const_data_ptr<float>(),
                                               writableOf<Element>(ofMaps), toAdded, first, end);
                });
            });
        });
        return {ofMaps,       own[1].to(at::kFloat), own[0].to(at::kFloat), ofAdded,
                at::Tensor(), at::Tensor(),          at::Tensor()};
    }

private:
    template <typename Element>
    static Shown<Element> shownOf(const at::Tensor& maps, const at::Tensor& out, const Affine& affine)
    {
        return {elementsOf<Element>(maps), elementsOf<Element>(out), affine.scale.const_data_ptr<float>(),
                affine.shift.const_data_ptr<float>()};
    }

    /// [2,C] double.
    static at::Tensor summed(const Rows& rows, const at::Tensor& maps, const at::Tensor& out,
                             const at::Tensor& gradient, const Affine& affine, bool adds, bool clips)
    {
        const at::Tensor parts = at::zeros({at::get_num_threads(), 2, rows.channels}, at::kDouble);
        forElement(maps, [&](auto element) {
            using Element = decltype(element);
            const Shown<Element> shown = shownOf<Element>(maps, out, affine);
            forBehind(adds, clips, [&]<bool adding, bool clipping>() {
                share(rows.count, 1, [&](std::int64_t part, std::int64_t first, std::int64_t end) {
                    addSums<adding, clipping>(rows, shown, elementsOf<Element>(gradient), affine, first, end,
                                              parts.mutable_data_ptr<double>() + part * 2 * rows.channels);
                });
            });
        });
        return parts.sum(0);
    }
};

} // namespace

bool suitsFastNorm(const torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps)
{
    const at::ScalarType dtype = maps.scalar_type();
    return maps.device().is_cpu() && (dtype == at::kFloat || dtype == at::kBFloat16) && maps.size(1) % kPanel == 0 &&
           maps.numel() > maps.size(1) && norm.weight.defined() && norm.running_mean.defined() &&
           norm.options.momentum().has_value();
}

at::Tensor fastNorm(torch::nn::BatchNorm2dImpl& norm, const at::Tensor& maps, const BehindNorm& behind,
                    const Group* group)
{
    return FastNorm::apply(maps, norm.weight, norm.bias,
                           behind.added.defined() ? std::optional(behind.added) : std::nullopt, partsOf(norm),
                           behind.relu, group);
}

} // namespace foveate::learn
