// SPDX-License-Identifier: GPL-3.0-or-later
// Geometry: what a view's parameters mean in pixels, for those that render it.
#pragma once

#include "learn/augment/Kernels.h"
#include "learn/augment/View.h"

#include <vector>

namespace foveate::learn::augment {

/// In pixels of the image; at least one each way.
struct Crop {
    int left, top, width, height;
};
/// The view's crop of an image of `size`×`size`.
Crop cropOf(const ViewParameters& view, int size);

/// Whether a crop is resized, or sampled in one bilinear pass that turns it too.
enum class Turn : std::uint8_t {
    none,    ///< resized
    quarter, ///< resized with one more flip (quarterTurned()), then transposed
    sampled, ///< sampled from the image: crop, flips and angle at once
    after,   ///< resized because it shrinks, then sampled whole by turnedAlone()
};
Turn turnOf(const ViewParameters& view, const Crop& crop, int outSize);
/// A quarter turn is a mirroring and a transposition: the view with that mirroring.
ViewParameters quarterTurned(ViewParameters view);
/// The angle and nothing else of it.
ViewParameters turnedAlone(const ViewParameters& view);
/// How the crop is rotated, mirrored and enlarged into outSize × outSize.
Sampling samplingOf(const Crop& crop, const ViewParameters& view, int outSize);

/// A Gaussian kernel, normalised, with an odd number of weights ≤ min(taps, 2·outSize − 1); those beyond 4σ, which
/// weigh less than 1e-4 together, are left out.
std::vector<float> gaussian(double sigma, int taps, int outSize);
/// Mirror without repeating the edge; i in (−n, 2n − 1).
int reflected(int i, int n);

} // namespace foveate::learn::augment
