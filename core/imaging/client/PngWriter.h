// SPDX-License-Identifier: GPL-3.0-or-later
// PNG files for exports, maps and thumbnails: grey or RGB, 8 or 16 bit, no metadata at all.
//
// Deterministic for one version of zlib. Thread safe.
#pragma once

#include "base/Result.h"
#include "imaging/client/Image.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace foveate::imaging {

/// Pixels that belong to someone else; rows from top to bottom without padding, channels interleaved.
struct PixelView {
    const void* data = nullptr;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint8_t channels = 1; ///< 1 grey, 3 RGB
    std::uint8_t bits = 8;     ///< 8, or 16 in host byte order
};

PixelView view(const Image& image);

/// The PNG's bytes. level: zlib's, 0..9; larger is smaller and slower. usage when the view is not one of the above.
Result<std::string> encodePng(const PixelView& pixels, int level = 6);

/// encodePng() into `path`, which is replaced atomically; io, noSpace, readOnly.
Status writePng(const std::string& path, const PixelView& pixels, int level = 6);

} // namespace foveate::imaging
