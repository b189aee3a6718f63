// SPDX-License-Identifier: GPL-3.0-or-later
// The codecs of foveate-decode, one function per format. They run inside the cage and nowhere else.
//
// Each gives one frame as client/Image.h describes it. Failures: damaged (nothing could be read), unsupported,
// tooLarge, usage (no such frame); args: "", the library's own words. A file that can be read in part is a Picture with
// `damaged`. Header sizes are checked in 64 bits before memory is taken. Windows are the caller's (Decode.h), except
// DICOM's VOI.
#pragma once

#include "base/Result.h"
#include "imaging/Picture.h"
#include "imaging/Source.h"

#include <cstdint>

namespace foveate::imaging {

Result<Picture> decodePng(Source& source, std::uint32_t frame);
Result<Picture> decodeJpeg(Source& source, std::uint32_t frame);
Result<Picture> decodeTiff(Source& source, std::uint32_t frame);
Result<Picture> decodeBmp(Source& source, std::uint32_t frame);
Result<Picture> decodeDicom(Source& source, std::uint32_t frame);

/// Loads what DCMTK would load lazily and registers its codecs; before the cage closes.
void prepareDicom();

/// Non-premultiplied pixels with one alpha value each (channels + 1 per pixel, the picture's depth) blended onto black.
void blendOntoBlack(const Buffer& withAlpha, Picture& picture);

/// 8-bit CMYK (0: no ink; `inverted`: 255: no ink, as Adobe stores it) to RGB.
void cmykToRgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::size_t pixels, bool inverted);

inline tl::unexpected<Error> noSuchFrame()
{
    return fail(Code::usage, {"frame"});
}

} // namespace foveate::imaging
