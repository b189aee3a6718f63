// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/BatchedViews.h"

#include "learn/augment/Geometry.h"

#include <ATen/core/grad_mode.h>
#include <algorithm>
#include <functional>

namespace foveate::learn {
namespace {

using namespace augment;
using View = ViewParameters;
using Views = std::span<const View>;

/// Images at once: what is in between takes a few times their size as float32.
constexpr std::size_t kChunk = 128;

/// Which of a batch an operation is for, with its parameters.
class Chosen {
public:
    Chosen(Views views, const at::Device& device, const std::function<bool(const View&)>& wanted) : m_device(device)
    {
        std::vector<std::int64_t> indices;
        for (std::size_t i = 0; i < views.size(); ++i) {
            if (!wanted(views[i]))
                continue;
            indices.push_back(std::int64_t(i));
            m_views.push_back(views[i]);
        }
        m_all = indices.size() == views.size();
        if (!m_all)
            m_indices = at::tensor(indices, at::kLong).to(device);
    }

    const std::vector<View>& views() const { return m_views; }
    /// One number for each, in `shape` with −1 where they lie.
    at::Tensor values(const std::function<double(const View&)>& valueOf, at::IntArrayRef shape = {-1, 1, 1, 1}) const
    {
        std::vector<float> list;
        for (const View& view : m_views)
            list.push_back(float(valueOf(view)));
        return at::tensor(list, at::kFloat).to(m_device).view(shape);
    }
    /// Of x [N,…] those chosen.
    at::Tensor of(const at::Tensor& x) const { return m_all ? x : x.index_select(0, m_indices); }
    /// x with those chosen replaced by what `change` makes of them.
    at::Tensor apply(const at::Tensor& x, const std::function<at::Tensor(const at::Tensor&)>& change) const
    {
        if (m_views.empty())
            return x;
        return m_all ? change(x) : x.index_copy(0, m_indices, change(of(x)));
    }
    void put(at::Tensor& into, const at::Tensor& x) const
    {
        if (m_all)
            into.copy_(x);
        else
            into.index_copy_(0, m_indices, x);
    }

private:
    at::Device m_device;
    std::vector<View> m_views;
    bool m_all = false;
    at::Tensor m_indices;
};

/// One side of a resizing, for each image: the pixels from `start` on, `length` of them, to n.
struct Side {
    at::Tensor start, length, mirrored; ///< [N,1,1]
};

/// [N,n,S]: a triangle filter, widened when it shrinks, as fillTaps() of View.cpp computes it tap by tap.
at::Tensor resampling(const Side& side, int n, int size)
{
    const auto options = side.start.options();
    const at::Tensor scale = side.length / n, reach = scale.clamp_min(1);
    const at::Tensor x = at::arange(n, options).view({1, n, 1});
    const at::Tensor i = at::where(side.mirrored > 0, double(n - 1) - x, x);
    const at::Tensor s = at::arange(size, options).view({1, 1, size}) - side.start;
    const at::Tensor distance = (s + .5 - (i + .5) * scale) / reach;
    const at::Tensor weights = (1 - distance.abs()).clamp_min(0) * (s >= 0) * (s < side.length);
    return weights / weights.sum(2, true);
}

/// planes [N,C,S,S] → [N,C,n,n]
at::Tensor resized(const Chosen& chosen, const at::Tensor& planes, int n)
{
    const int size = int(planes.size(3));
    const auto mirrored = [&](const View& view) {
        return turnOf(view, cropOf(view, size), n) == Turn::quarter ? quarterTurned(view) : view;
    };
    const auto values = [&](const auto& valueOf) { return chosen.values(valueOf, {-1, 1, 1}); };
    const Side across{values([&](const View& v) { return cropOf(v, size).left; }),
                      values([&](const View& v) { return cropOf(v, size).width; }),
                      values([&](const View& v) { return mirrored(v).flipHorizontally ? 1 : 0; })};
    const Side down{values([&](const View& v) { return cropOf(v, size).top; }),
                    values([&](const View& v) { return cropOf(v, size).height; }),
                    values([&](const View& v) { return mirrored(v).flipVertically ? 1 : 0; })};
    const at::Tensor rows = planes.matmul(resampling(across, n, size).transpose(1, 2).unsqueeze(1));
    return resampling(down, n, size).unsqueeze(1).matmul(rows);
}

/// planes [N,C,S,S] → [N,C,n,n]: bilinear, at each image's own Sampling.
at::Tensor sampled(const Chosen& chosen, const at::Tensor& planes, int n,
                   const std::function<Sampling(const View&)>& samplingFor)
{
    const auto options = planes.options();
    std::vector<Sampling> samplings;
    for (const View& view : chosen.views())
        samplings.push_back(samplingFor(view));
    const auto values = [&](float Sampling::*field) {
        std::vector<float> list;
        for (const Sampling& sampling : samplings)
            list.push_back(sampling.*field);
        return at::tensor(list, at::kFloat).to(options.device()).view({-1, 1, 1});
    };
    const at::Tensor x = at::arange(n, options).view({1, 1, n}), y = at::arange(n, options).view({1, n, 1});
    const at::Tensor px = values(&Sampling::b) * y + values(&Sampling::u) + values(&Sampling::a) * x;
    const at::Tensor py = values(&Sampling::d) * y + values(&Sampling::v) + values(&Sampling::c) * x;
    const at::Tensor lowX = values(&Sampling::lowX), highX = values(&Sampling::highX);
    const at::Tensor lowY = values(&Sampling::lowY), highY = values(&Sampling::highY);
    const at::Tensor cx = at::minimum(at::maximum(px, lowX), highX), cy = at::minimum(at::maximum(py, lowY), highY);
    // One before the last: the right and lower neighbours stay inside.
    const at::Tensor ix = at::minimum(cx.floor(), at::maximum(highX - 1, lowX));
    const at::Tensor iy = at::minimum(cy.floor(), at::maximum(highY - 1, lowY));
    const at::Tensor fx = (cx - ix).unsqueeze(1), fy = (cy - iy).unsqueeze(1);
    const std::int64_t width = planes.size(3), channels = planes.size(1), count = planes.size(0);
    const at::Tensor flat = planes.reshape({count, channels, -1});
    const at::Tensor right = (highX > lowX).to(at::kLong), below = (highY > lowY).to(at::kLong) * width;
    const at::Tensor place = iy.to(at::kLong) * width + ix.to(at::kLong);
    const auto pixels = [&](const at::Tensor& at) {
        const at::Tensor index = at.reshape({count, 1, -1}).expand({count, channels, std::int64_t(n) * n});
        return flat.gather(2, index).view({count, channels, n, n});
    };
    const at::Tensor top = at::lerp(pixels(place), pixels(place + right), fx);
    const at::Tensor bottom = at::lerp(pixels(place + below), pixels(place + below + right), fx);
    const auto inside = [](const at::Tensor& p, const at::Tensor& least, const at::Tensor& most,
                           const at::Tensor& fade) {
        return (1 - at::maximum(least - p, p - most) * fade).clamp(0, 1).unsqueeze(1);
    };
    return at::lerp(top, bottom, fy) *
           inside(px, values(&Sampling::leastX), values(&Sampling::mostX), values(&Sampling::fadeX)) *
           inside(py, values(&Sampling::leastY), values(&Sampling::mostY), values(&Sampling::fadeY));
}

/// planes [N,C,S,S] of the images → [N,C,n,n]
at::Tensor geometry(const at::Tensor& planes, Views views, int n)
{
    const int size = int(planes.size(3));
    const auto is = [&](Turn turn) {
        return [=](const View& view) { return turnOf(view, cropOf(view, size), n) == turn; };
    };
    at::Tensor out = at::empty({planes.size(0), planes.size(1), n, n}, planes.options());
    const Chosen direct(views, planes.device(), is(Turn::sampled));
    const Chosen others(views, planes.device(), [&](const View& view) { return !is(Turn::sampled)(view); });
    if (!direct.views().empty())
        direct.put(out, sampled(direct, direct.of(planes), n,
                                [&](const View& view) { return samplingOf(cropOf(view, size), view, n); }));
    if (!others.views().empty())
        others.put(out, resized(others, others.of(planes), n));
    const Chosen quarter(views, planes.device(), is(Turn::quarter));
    out = quarter.apply(out, [](const at::Tensor& x) { return x.transpose(2, 3); });
    const Chosen after(views, planes.device(), is(Turn::after));
    return after.apply(out, [&](const at::Tensor& x) {
        return sampled(after, x, n, [&](const View& view) { return samplingOf({0, 0, n, n}, turnedAlone(view), n); });
    });
}

/// [N,1,n,n]
at::Tensor luma(const at::Tensor& x)
{
    return x.size(1) == 1 ? x
                          : x.select(1, 0).mul(.2989).add(x.select(1, 1), .587).add(x.select(1, 2), .114).unsqueeze(1);
}

at::Tensor blended(const at::Tensor& x, const at::Tensor& with, const at::Tensor& factor)
{
    return (factor * x + (1 - factor) * with).clamp(0, 1);
}

/// x [N,3,n,n] with its hue turned by `turn` [N,1,1,1], in turns.
at::Tensor hueTurned(const at::Tensor& x, const at::Tensor& turn)
{
    const at::Tensor red = x.narrow(1, 0, 1), green = x.narrow(1, 1, 1), blue = x.narrow(1, 2, 1);
    const at::Tensor high = x.amax(1, true), chroma = high - x.amin(1, true);
    const at::Tensor scale = at::where(chroma > 0, 1 / chroma, at::zeros_like(chroma));
    const at::Tensor other = at::where(green >= blue, (blue - red) * scale + 2, (red - green) * scale + 4);
    const at::Tensor sixth = at::where(at::logical_and(red >= green, red >= blue), (green - blue) * scale, other);
    const at::Tensor turned = (sixth + 6 * turn).remainder(6);
    const auto channel = [&](double offset) {
        const at::Tensor k = (turned + offset).remainder(6);
        return high - chroma * at::minimum(k, 4 - k).clamp(0, 1);
    };
    return at::cat({channel(5), channel(3), channel(1)}, 1);
}

at::Tensor recoloured(const at::Tensor& x, Colour colour, const at::Tensor& factor)
{
    switch (colour) {
    case Colour::brightness: return (factor * x).clamp(0, 1);
    case Colour::contrast: return blended(x, luma(x).mean({1, 2, 3}, true), factor);
    case Colour::saturation: return x.size(1) == 3 ? blended(x, luma(x), factor) : x;
    case Colour::hue: break;
    }
    return x.size(1) == 3 ? hueTurned(x, factor) : x;
}

at::Tensor jittered(at::Tensor x, Views views)
{
    for (int step = 0; step < 4; ++step)
        for (const Colour colour : {Colour::brightness, Colour::contrast, Colour::saturation, Colour::hue}) {
            const Chosen chosen(views, x.device(), [&](const View& view) {
                return step < view.jitters && view.jitterOrder[std::size_t(step)] == colour;
            });
            x = chosen.apply(x, [&](const at::Tensor& part) {
                const auto factorOf = [&](const View& view) { return view.jitterFactor[std::size_t(colour)]; };
                return recoloured(part, colour, chosen.values(factorOf));
            });
        }
    return x;
}

/// [N,n,n]: row y holds what the blurred row y takes of each row.
at::Tensor blurring(const std::vector<View>& views, int n, const at::Device& device)
{
    std::vector<std::vector<float>> kernels;
    std::size_t longest = 1;
    for (const View& view : views) {
        kernels.push_back(gaussian(view.blurSigma, view.blurKernel, n));
        longest = std::max(longest, kernels.back().size());
    }
    const int radius = int(longest / 2);
    at::Tensor weights = at::zeros({std::int64_t(views.size()), std::int64_t(longest)}, at::kFloat);
    for (std::size_t i = 0; i < views.size(); ++i)
        std::copy(kernels[i].begin(), kernels[i].end(),
                  weights.mutable_data_ptr<float>() + i * longest + (longest - kernels[i].size()) / 2);
    std::vector<std::int64_t> sources;
    for (int tap = -radius; tap <= radius; ++tap)
        for (int y = 0; y < n; ++y)
            sources.push_back(reflected(y + tap, n));
    const at::Tensor taken = at::one_hot(at::tensor(sources, at::kLong).to(device), n).to(at::kFloat);
    return weights.to(device).matmul(taken.view({std::int64_t(longest), -1})).view({-1, n, n});
}

/// The noise of Kernels.h, from a hash of seed and place: in 64 bits, of which the lower 32 are kept.
at::Tensor noised(const at::Tensor& x, const Chosen& chosen)
{
    constexpr std::int64_t kLow = 0xffffffff;
    std::vector<std::int64_t> seeds;
    for (const View& view : chosen.views())
        seeds.push_back(std::int64_t(view.noiseSeed));
    const auto options = x.options().dtype(at::kLong);
    const at::Tensor seed = at::tensor(seeds, at::kLong).to(x.device()).view({-1, 1});
    const auto mixed = [](const at::Tensor& h, int shift, std::int64_t factor) {
        return h.bitwise_xor(h.bitwise_right_shift(shift)).mul(factor).bitwise_and(kLow);
    };
    at::Tensor h =
        (at::arange(x[0].numel(), options).view({1, -1}) * std::int64_t(0x9e3779b9) + seed).bitwise_and(kLow);
    h = mixed(mixed(mixed(h, 16, 0x85ebca6b), 13, 0xc2b2ae35), 16, 1);
    at::Tensor sum = h.bitwise_and(255);
    for (const int shift : {8, 16, 24})
        sum = sum + h.bitwise_right_shift(shift).bitwise_and(255);
    const at::Tensor scale = chosen.values([](const View& view) { return float(view.noise) / 147.79711F; });
    return (x + scale * (sum - 510).to(at::kFloat).view(x.sizes())).clamp(0, 1);
}

/// Everything after the geometry and before the normalisation.
at::Tensor colours(at::Tensor x, Views views)
{
    const int n = int(x.size(3));
    const auto forThose = [&](const std::function<bool(const View&)>& wanted,
                              const std::function<at::Tensor(const at::Tensor&, const Chosen&)>& change) {
        const Chosen chosen(views, x.device(), wanted);
        x = chosen.apply(x, [&](const at::Tensor& part) { return change(part, chosen); });
    };
    x = jittered(x, views);
    if (x.size(1) == 3)
        forThose([](const View& view) { return view.grey; },
                 [](const at::Tensor& part, const Chosen&) { return luma(part).clamp(0, 1).expand_as(part); });
    forThose([](const View& view) { return view.gamma != 1; },
             [](const at::Tensor& part, const Chosen& chosen) {
                 const at::Tensor raised = part.pow(chosen.values([](const View& view) { return view.gamma; }));
                 return (raised * (part >= 1e-6)).clamp(0, 1);
             });
    forThose([](const View& view) { return view.blurSigma > 0 && view.blurKernel > 1; },
             [&](const at::Tensor& part, const Chosen& chosen) {
                 const at::Tensor matrices = blurring(chosen.views(), n, x.device()).unsqueeze(1);
                 return matrices.matmul(part).matmul(matrices.transpose(2, 3));
             });
    forThose([](const View& view) { return view.solariseThreshold <= 1; },
             [](const at::Tensor& part, const Chosen& chosen) {
                 const at::Tensor threshold = chosen.values([](const View& view) { return view.solariseThreshold; });
                 return at::where(part >= threshold, 1 - part, part);
             });
    forThose([](const View& view) { return view.noise > 0; }, noised);
    return x;
}

at::Tensor normalised(const at::Tensor& x, const Normalisation& normalisation)
{
    const std::int64_t channels = x.size(1);
    const auto values = [&](const std::array<float, 3>& of) {
        return at::tensor(at::ArrayRef<float>(of.data(), std::size_t(channels)), at::kFloat)
            .to(x.device())
            .view({1, channels, 1, 1});
    };
    return (x - values(normalisation.mean)) / values(normalisation.deviation);
}

} // namespace

at::Tensor renderBatch(const at::Tensor& images, std::span<const ViewParameters> views, int outSize,
                       const Normalisation& normalisation)
{
    const at::NoGradGuard guard;
    at::Tensor out = at::empty({images.size(0), images.size(3), outSize, outSize},
                               images.options().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
    for (std::size_t begin = 0; begin < views.size(); begin += kChunk) {
        const std::size_t count = std::min(kChunk, views.size() - begin);
        const Views part = views.subspan(begin, count);
        const at::Tensor planes = images.narrow(0, std::int64_t(begin), std::int64_t(count))
                                      .permute({0, 3, 1, 2})
                                      .to(at::kFloat, false, false, at::MemoryFormat::Contiguous)
                                      .mul(1.0F / 255.0F);
        out.narrow(0, std::int64_t(begin), std::int64_t(count))
            .copy_(normalised(colours(geometry(planes, part, outSize), part), normalisation));
    }
    return out;
}

} // namespace foveate::learn
