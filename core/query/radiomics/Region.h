// SPDX-License-Identifier: GPL-3.0-or-later
// The hot region of a map, and maps made smaller.
#pragma once

#include "query/radiomics/Map.h"
#include "query/radiomics/Shape2d.h"

namespace foveate::query::radiomics {

/// Area-averaged to side × side; a side that is not larger than the map's is left as it is.
std::vector<float> averaged(const Map& map, std::size_t side);

/// Gaussian of `sigma` pixels, cut at 4σ, edges repeated as a mirror.
std::vector<float> smoothed(const Map& map, double sigma);

/// Otsu's threshold (1979) over 256 equal bins between the least and the largest value.
float otsuThreshold(std::span<const float> values);

/// Above Otsu's threshold after smoothing with a σ of 1 % of the width; the largest part (4 neighbours; the first of
/// equals). Empty mask for a constant map.
Mask hotRegion(const Map& map);

/// The largest part of a mask whose pixels touch side by side.
Mask largestPart(Mask mask);

} // namespace foveate::query::radiomics
