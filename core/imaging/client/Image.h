// SPDX-License-Identifier: GPL-3.0-or-later
// One decoded image: checked dimensions, pixels, and the little that is known about how to show them.
//
// Rendering, the same for every format and decided once in the decoder:
//  - channels is 1 (grey) or 3 (RGB, interleaved); bits is 8 or 16 (host byte order); rows from top to bottom without
//  padding.
//  - Palette, YBR and CMYK become RGB; alpha is blended onto black; EXIF and TIFF orientation are applied; embedded
//  colour
//    profiles are ignored. 1, 2 and 4 bit grey is stretched to 0..255.
//  - DICOM: pixel = stored value − smallest storable value, so signed data start at 0; 9 to 16 stored bits stay
//  unscaled
//    in 16 bits; MONOCHROME1 is inverted (largest storable − stored), so 0 is always black. 32-bit integers keep their
//    upper 16 bits.
//  - Floating-point pixels are mapped linearly from their finite minimum..maximum to 0..65535; NaN and infinities
//  become 0.
//  - Pixels that the file does not give are 0 and `damaged` is set.
// Deterministic: the same file gives the same bytes.
#pragma once

#include "base/Sha256.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace foveate::imaging {

enum class Format : std::uint8_t { png, jpeg, tiff, bmp, dicom };

/// "png", "jpeg", … as in JSON.
std::string_view name(Format format);

struct Spacing {
    double row = 0;    ///< mm between the centres of neighbouring rows, > 0
    double column = 0; ///< mm between neighbouring columns, > 0
};

/// A value: copies share the same immutable pixels, from any thread.
struct Image {
    std::uint32_t width = 0;     ///< 1..65535, after orientation
    std::uint32_t height = 0;    ///< 1..65535; width·height ≤ 2^28
    std::uint8_t channels = 1;   ///< 1 grey, 3 RGB
    std::uint8_t bits = 8;       ///< 8 or 16 per channel, as `bytes` holds them
    std::uint8_t bitsStored = 8; ///< what the file really uses, 1..64
    Format format = Format::png;
    std::uint32_t frame = 0;  ///< which one this is
    std::uint32_t frames = 1; ///< how many the file has (TIFF pages, DICOM frames), ≤ 10,000
    bool damaged = false;     ///< cut or broken: shown, but not labelled or trained on unasked
    std::string damage;       ///< the decoder's own short words when damaged, printable ASCII
    bool inverted = false;    ///< the file said MONOCHROME1 or white-is-zero; already undone in the pixels

    float windowLow = 0;         ///< pixel value shown black; VOI, else the 0.1 % percentile (16 bit), else 0
    float windowHigh = 255;      ///< pixel value shown white; > windowLow
    bool windowFromFile = false; ///< the window is the file's VOI
    double valueSlope = 1;       ///< modality value (e.g. HU) = valueSlope · pixel + valueIntercept
    double valueIntercept = 0;
    std::optional<Spacing> spacingMm;
    std::string patientKeyHint; ///< DICOM PatientID as bytes; the caller hashes it and forgets it. Never log it
    Digest fileSha{};           ///< of the file's bytes; zeros when hashing was not asked for

    std::shared_ptr<const std::byte> pixels; ///< byteCount() bytes, sealed against change

    std::size_t values() const { return std::size_t(width) * height * channels; }
    std::size_t byteCount() const { return values() * (bits / 8); }
    std::span<const std::byte> bytes() const { return {pixels.get(), pixels ? byteCount() : 0}; }
    /// REQUIRES: bits == 8.
    std::span<const std::uint8_t> values8() const;
    /// REQUIRES: bits == 16.
    std::span<const std::uint16_t> values16() const;
};

/// SHA-256 over width, height, channels, bits (32-bit little-endian each) and the pixel bytes (16 bit: little-endian):
/// two files with the same pixels have the same value, whatever their format, name or metadata.
Digest pixelSha(const Image& image);

/// An image over pixels in memory (copied), e.g. a phantom; its window spans the depth. REQUIRES: bytes.size() ==
/// byteCount().
Image makeImage(std::uint32_t width, std::uint32_t height, std::uint8_t channels, std::uint8_t bits,
                std::span<const std::byte> bytes);

} // namespace foveate::imaging
