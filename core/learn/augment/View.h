// SPDX-License-Identifier: GPL-3.0-or-later
// A view: one random rendering of an image, drawn as numbers first, rendered second.
//
// Order of the operations: crop and resize (bilinear, antialiased when it shrinks), flips, rotation, colour jitter in
// its drawn order, grey, gamma, blur, solarise, noise, normalise. At fixed parameters each agrees with torchvision 0.26
// on float images within 2/255 (mean); rotation about the centre leaves black corners as there.
// Deterministic: the same parameters give the same numbers on every x86-64-v3 machine and for any number of threads.
#pragma once

#include "base/Random.h"
#include "learn/augment/Preset.h"

#include <array>
#include <cstdint>
#include <span>

namespace foveate::learn::augment {

enum class Colour : std::uint8_t { brightness, contrast, saturation, hue };

/// All that is random about a view. The default is the whole image, unchanged but for size and normalisation.
struct ViewParameters {
    double left = 0, top = 0, width = 1, height = 1; ///< crop as shares of the image, on whole pixels when drawn
    bool flipHorizontally = false, flipVertically = false;
    double rotation = 0;                 ///< degrees, counter-clockwise
    std::array<Colour, 4> jitterOrder{}; ///< the first `jitters` of them are applied
    int jitters = 0;
    std::array<double, 4> jitterFactor{1, 1, 1, 0}; ///< indexed by Colour; hue in turns
    bool grey = false;
    double gamma = 1;
    double blurSigma = 0;         ///< pixels of the view; 0: none
    int blurKernel = 0;           ///< odd number of taps
    double solariseThreshold = 2; ///< intensities ≥ it are inverted; > 1: none
    double noise = 0;             ///< σ
    std::uint32_t noiseSeed = 0;
};

/// Draws a view for an image of `size`×`size` shown at `outSize`; the same state of `random` gives the same view.
ViewParameters draw(const Preset& preset, int size, int outSize, Random& random);

/// Where pixel (x, y) of channel c lies in the output: planes [C,S,S], or interleaved [S,S,C] (channels-last).
enum class Layout { planes, interleaved };

/// Renders one view into out[channels·outSize·outSize]. `image` is uint8 [size, size, channels], interleaved,
/// channels 1 or 3. Thread safe; each thread keeps scratch memory of a few views.
/// REQUIRES: image.size() == size·size·channels, sizes ≥ 1.
void render(std::span<const std::uint8_t> image, int size, int channels, const ViewParameters& view, int outSize,
            const Normalisation& normalisation, Layout layout, float* out);

} // namespace foveate::learn::augment
