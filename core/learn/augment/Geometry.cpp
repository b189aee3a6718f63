// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/augment/Geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace foveate::learn::augment {

Crop cropOf(const ViewParameters& view, int size)
{
    const auto bounded = [size](double share, int low, int high) {
        return std::clamp(int(std::lround(share * size)), low, high);
    };
    const int left = bounded(view.left, 0, size - 1), top = bounded(view.top, 0, size - 1);
    return {left, top, bounded(view.width, 1, size - left), bounded(view.height, 1, size - top)};
}

Turn turnOf(const ViewParameters& view, const Crop& crop, int outSize)
{
    if (view.rotation == 0)
        return Turn::none;
    if (std::abs(view.rotation) == 90)
        return Turn::quarter;
    return crop.width > outSize || crop.height > outSize ? Turn::after : Turn::sampled;
}

ViewParameters quarterTurned(ViewParameters view)
{
    // Left turn: out[y, x] = in[x, n − 1 − y]. Mirrored at the axis that becomes the other one.
    bool& flip = view.rotation > 0 ? view.flipHorizontally : view.flipVertically;
    flip = !flip;
    return view;
}

ViewParameters turnedAlone(const ViewParameters& view)
{
    ViewParameters turned;
    turned.rotation = view.rotation;
    return turned;
}

Sampling samplingOf(const Crop& crop, const ViewParameters& view, int outSize)
{
    const double angle = view.rotation * std::numbers::pi / 180;
    const double centre = (outSize - 1) / 2.;
    const double scaleX = double(crop.width) / outSize * (view.flipHorizontally ? -1 : 1);
    const double scaleY = double(crop.height) / outSize * (view.flipVertically ? -1 : 1);
    const double middleX = crop.left + (crop.width - 1) / 2., middleY = crop.top + (crop.height - 1) / 2.;
    const double a = scaleX * std::cos(angle), b = -scaleX * std::sin(angle);
    const double c = scaleY * std::sin(angle), d = scaleY * std::cos(angle);
    const double reachX = std::abs(scaleX) * centre, reachY = std::abs(scaleY) * centre;
    return {float(a),
            float(b),
            float(middleX - (a + b) * centre),
            float(c),
            float(d),
            float(middleY - (c + d) * centre),
            float(crop.left),
            float(crop.left + crop.width - 1),
            float(crop.top),
            float(crop.top + crop.height - 1),
            float(middleX - reachX),
            float(middleX + reachX),
            float(middleY - reachY),
            float(middleY + reachY),
            float(1 / std::abs(scaleX)),
            float(1 / std::abs(scaleY))};
}

std::vector<float> gaussian(double sigma, int taps, int outSize)
{
    const int radius = std::min({taps / 2, int(std::ceil(4 * sigma)), outSize - 1});
    std::vector<float> weights;
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) {
        const double weight = std::exp(-.5 * (i / sigma) * (i / sigma));
        weights.push_back(float(weight));
        sum += weight;
    }
    for (float& weight : weights)
        weight = float(weight / sum);
    return weights;
}

int reflected(int i, int n)
{
    i = std::abs(i);
    return i < n ? i : 2 * n - 2 - i;
}

} // namespace foveate::learn::augment
