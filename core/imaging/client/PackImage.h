// SPDX-License-Identifier: GPL-3.0-or-later
// A decoded image made into a record of the pixel pack: windowed to 8 bits, luma or RGB, area-averaged to S×S.
//
// One function for import, rebuild and every tool, so that all of them make the same bytes. Deterministic: sums in
// a fixed order, no threads, no dependence on the processor.
#pragma once

#include "base/Pack.h"
#include "imaging/client/Image.h"

#include <cstdint>
#include <vector>

namespace foveate::imaging {

struct PackImage {
    PackRecord record;                ///< hashes, original size, rectangle, window, damaged
    std::vector<std::uint8_t> pixels; ///< uint8 [S,S,C], rows from top to bottom, RGB interleaved
};

/// value = clamp((pixel − low) / (high − low)) · 255, rounded, with the image's window; colour in a grey pack becomes
/// luma (0.299 R + 0.587 G + 0.114 B), grey in a colour pack is replicated. Each output pixel is the mean of the area
/// it covers; enlarging repeats pixels the same way. squash fills the square; pad keeps the proportions, centred on
/// black.
PackImage makePackRecord(const Image& image, PackShape shape, Fit fit);

/// The image's window applied at full size: uint8 [height,width,channels].
std::vector<std::uint8_t> windowed(const Image& image);

/// uint8 [height,width,channels] area-averaged to [toHeight,toWidth,channels]. REQUIRES: all sizes > 0.
std::vector<std::uint8_t> resizeArea(const std::vector<std::uint8_t>& pixels, std::uint32_t width, std::uint32_t height,
                                     std::uint32_t channels, std::uint32_t toWidth, std::uint32_t toHeight);

} // namespace foveate::imaging
