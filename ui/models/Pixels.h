// SPDX-License-Identifier: GPL-3.0-or-later
// An image's values as the canvas shows them: u8 or u16, one or three channels, and their way to the screen's 8 bits.
//
// A buffer is shared and never changed, so a decoder's thread may make it and the GUI thread draw it.
#pragma once

#include "imaging/client/Image.h"

#include <QImage>
#include <QString>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace foveate::ui {

struct Pixels {
    int width = 0;
    int height = 0;
    int channels = 1;                         ///< 1 grey, 3 RGB interleaved
    int bits = 8;                             ///< 8 or 16 (then host byte order)
    std::shared_ptr<const std::uint8_t> data; ///< rows top to bottom, without padding
    double low = 0;                           ///< the window the file asks for, raw units
    double high = 255;
    std::optional<double> spacingMm; ///< side of a pixel
    bool fromPack = false;           ///< the file is gone: this is the project's small copy
    bool damaged = false;

    bool valid() const { return width > 0 && height > 0 && data != nullptr; }
    std::size_t bytes() const { return std::size_t(width) * height * channels * (bits / 8); }
    /// Raw value of a channel. REQUIRES: inside.
    int value(int x, int y, int channel = 0) const;
};

/// Copies `bytes` into a buffer of its own; an empty Pixels when the length does not fit the shape.
Pixels makePixels(int width, int height, int channels, int bits, std::span<const std::uint8_t> bytes);

/// The decoder's image as it is, without a copy.
Pixels pixelsOf(const imaging::Image& image);

struct Window {
    double low = 0;
    double high = 255;
    bool operator==(const Window&) const = default;
};

/// Values at or below low are black, at or above high white, linear between; RGB is passed as it is (inverted when
/// asked).
QImage toScreen(const Pixels& pixels, Window window, bool invert);

/// 0.1 to 99.9 percentile of a grey image (every value counted).
Window percentileWindow(const Pixels& pixels);

} // namespace foveate::ui
