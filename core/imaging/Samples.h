// SPDX-License-Identifier: GPL-3.0-or-later
// Raw samples as TIFF and DICOM store them, and the one place where they become grey or RGB pixels.
#pragma once

#include "imaging/Picture.h"

#include <array>
#include <cstdint>
#include <vector>

namespace foveate::imaging {

/// [height, width, perPixel] interleaved, unsigned (signed data are shifted to start at 0) or float.
struct Samples {
    enum class Kind : std::uint8_t { u8, u16, f32 };
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t perPixel = 1;
    Kind kind = Kind::u8;
    unsigned bits = 8; ///< significant ones: 1..8 in u8, 9..16 in u16; f32: of the file
    Buffer data;

    /// Zeroed memory for these sizes; tooLarge, damaged.
    static Result<Samples> create(std::uint64_t width, std::uint64_t height, std::uint32_t perPixel, Kind kind,
                                  unsigned bits);
    std::size_t pixels() const { return std::size_t(width) * height; }
};

struct Meaning {
    enum class Colour : std::uint8_t { blackIsZero, whiteIsZero, rgb, palette, cmyk, ybr };
    enum class Alpha : std::uint8_t { none, straight, premultiplied };
    Colour colour = Colour::blackIsZero;
    Alpha alpha = Alpha::none;                        ///< the sample after the colours; further ones are dropped
    bool stretch = false;                             ///< grey of fewer than 8 bits to 0..255
    std::vector<std::array<std::uint8_t, 3>> palette; ///< an index beyond its end takes the last entry
    std::uint32_t paletteFirst = 0;                   ///< the sample value of palette[0]
};

/// Picture as client/Image.h describes it. damaged (too few samples, no palette), unsupported (depth), tooLarge.
Status render(Samples& samples, const Meaning& meaning, Picture& picture);

/// Full-range YBR (JPEG's) to RGB in place.
void ybrToRgb(std::uint8_t* pixels, std::size_t count);

} // namespace foveate::imaging
