// SPDX-License-Identifier: GPL-3.0-or-later
// A square of floats to paint on, with the noises and brushes that the phantoms share. Internal to phantom/.
#pragma once

#include "base/Random.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace foveate::phantom {

struct Field {
    explicit Field(int side, float value = 0) : size(side), values(std::size_t(side) * std::size_t(side), value) {}
    float& at(int x, int y) { return values[std::size_t(y) * std::size_t(size) + std::size_t(x)]; }
    float at(int x, int y) const { return values[std::size_t(y) * std::size_t(size) + std::size_t(x)]; }

    int size;
    std::vector<float> values;
};

inline float mix(float a, float b, float t)
{
    return a + (b - a) * t;
}

/// 0 below `low`, 1 above `high`, a smooth rise between.
inline float rise(float low, float high, float v)
{
    const float t = std::clamp((v - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

/// e^(−t²).
float bell(float t);

/// Approximately normal (four uniforms of 16 bits), mean 0, deviation 1, independent from pixel to pixel.
Field white(int size, Random& random);

/// Smooth noise, about −1 to 1: `cellsX` by `cellsY` lumps across the field, each octave half as large and as strong.
Field clouds(int size, double cellsX, double cellsY, int octaves, Random& random);

/// Binomial blur 1-2-1 along x or y, `passes` times.
void blurX(Field& field, int passes);
void blurY(Field& field, int passes);

/// An ellipse in pixels; angle in radians from the x axis.
struct Ellipse {
    float x = 0, y = 0, along = 1, across = 1, angle = 0;
};

/// Calls paint(x, y, cover, depth) on each pixel the ellipse touches: cover 0…1 with an edge of `edge` pixels,
/// depth 0 at the rim and 1 in the middle.
template <typename Paint> void eachPixel(const Ellipse& e, int size, float edge, const Paint& paint);

/// Thresholded to 0 and 255.
std::vector<std::uint8_t> toMask(const Field& cover, float threshold);

} // namespace foveate::phantom

#include <cmath>

template <typename Paint> void foveate::phantom::eachPixel(const Ellipse& e, int size, float edge, const Paint& paint)
{
    const float reach = std::max(e.along, e.across) + edge;
    const float c = std::cos(e.angle), s = std::sin(e.angle);
    const int x0 = std::max(0, int(e.x - reach)), x1 = std::min(size - 1, int(e.x + reach) + 1);
    const int y0 = std::max(0, int(e.y - reach)), y1 = std::min(size - 1, int(e.y + reach) + 1);
    const float smaller = std::min(e.along, e.across);
    for (int y = y0; y <= y1; ++y)
        for (int x = x0; x <= x1; ++x) {
            const float dx = float(x) - e.x, dy = float(y) - e.y;
            const float u = (dx * c + dy * s) / e.along, v = (dy * c - dx * s) / e.across;
            const float radius = std::sqrt(u * u + v * v);
            const float cover = std::clamp((1 - radius) * smaller / edge + 0.5f, 0.0f, 1.0f);
            if (cover > 0)
                paint(x, y, cover, std::max(0.0f, 1 - radius));
        }
}
