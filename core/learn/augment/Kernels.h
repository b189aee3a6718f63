// SPDX-License-Identifier: GPL-3.0-or-later
// The hot loops of rendering a view, compiled once for x86-64-v3 and once for v4 and chosen once per process.
//
// Raw pointers only: no inline function of another header may be instantiated with v4 instructions and then be picked
// by the linker for everybody. Planes are float32, rows top to bottom, intensities in [0, 1].
#pragma once

#include <cstdint>

namespace foveate::learn::augment {

/// Linear map from view to image coordinates, in pixels of the plane that is sampled: (a·x + b·y + u, c·x + d·y + v).
struct Sampling {
    float a, b, u, c, d, v;
    float lowX, highX, lowY, highY;     ///< pixels that may be read: coordinates are clamped to these
    float leastX, mostX, leastY, mostY; ///< the view's own outermost pixel centres; beyond them it fades to black …
    float fadeX, fadeY;                 ///< … by this much per pixel of the plane
};

struct Kernels {
    const char* level; ///< "x86-64-v3", "x86-64-v4"
    /// One interleaved row to `channels` float rows, `stride` floats apart, scaled to [0, 1].
    void (*unpackRow)(const std::uint8_t* row, int width, int channels, float* rows, int stride);
    /// out[x] = Σ_t weights[t·n + x] · row[start[x] + t].
    void (*resampleRow)(const float* row, const int* start, const float* weights, int taps, int n, float* out);
    /// out[x] = Σ_t weights[t] · rows[t·stride + x].
    void (*blendRows)(const float* rows, int stride, const float* weights, int taps, int n, float* out);
    /// Bilinear sampling of one plane at every pixel of an n×n view.
    void (*samplePlane)(const float* plane, int width, const Sampling& sampling, int n, float* out);
    /// out[j, i] = x[i, j] of an n×n plane.
    void (*transpose)(const float* x, int n, float* out);
    /// x ← clamp(factor·x + offset).
    void (*blendConstant)(float* x, int n, float factor, float offset);
    /// Colour planes blended with their luma: c ← clamp(factor·c + (1 − factor)·luma).
    void (*blendLuma)(float* r, float* g, float* b, int n, float factor);
    /// Mean luma of three planes, or mean of one (g and b null).
    float (*mean)(const float* r, const float* g, const float* b, int n);
    void (*turnHue)(float* r, float* g, float* b, int n, float turn);
    /// x ← x^exponent, x in [0, 1].
    void (*power)(float* x, int n, float exponent);
    void (*solarise)(float* x, int n, float threshold);
    /// x ← clamp(x + σ·e_i), e_i nearly normal (sum of four uniform bytes) from a hash of seed and i.
    void (*addNoise)(float* x, int n, float sigma, std::uint32_t seed);
    /// out[i·stride] = x[i]·factor + offset.
    void (*store)(const float* x, int n, float factor, float offset, int stride, float* out);
};

const Kernels& kernelsV3();
const Kernels& kernelsV4();
/// The best that this processor runs.
const Kernels& kernels();

} // namespace foveate::learn::augment
