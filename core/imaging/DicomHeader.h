// SPDX-License-Identifier: GPL-3.0-or-later
// What a DICOM dataset says about its pixels, read once and checked before any memory is taken.
#pragma once

#include "imaging/Samples.h"

#include <cstdint>
#include <optional>
#include <string>

class DcmItem;

namespace foveate::imaging {

struct DicomHeader {
    std::uint32_t rows = 0, columns = 0;
    std::uint32_t perPixel = 1;
    std::uint32_t allocated = 8, stored = 8, highBit = 7; ///< bits; stored ≤ allocated, highBit < allocated
    bool isSigned = false;
    bool planar = false; ///< colour by plane rather than by pixel
    bool real = false;   ///< FloatPixelData or DoubleFloatPixelData
    std::uint32_t frames = 1;
    std::string photometric;         ///< "MONOCHROME2", …
    double slope = 1, intercept = 0; ///< rescale to modality values
    struct Voi {
        double low, high; ///< modality values shown black and white
    };
    std::optional<Voi> voi; ///< the first window; none for a LUT or none at all
    std::optional<Spacing> spacing;
    std::string patient;

    /// damaged: fields missing or contradicting each other; tooLarge; unsupported.
    static Result<DicomHeader> read(DcmItem& dataset, std::uint32_t frame);
    bool isYbr422() const { return photometric == "YBR_FULL_422"; }
    std::uint64_t frameBits() const;
};

/// The palette of PALETTE COLOR; damaged when a table is missing or empty, unsupported when segmented.
Status readDicomPalette(DcmItem& dataset, Meaning& meaning);

} // namespace foveate::imaging
