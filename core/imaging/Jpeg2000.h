// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG 2000 and HTJ2K code streams out of DICOM fragments, by OpenJPEG.
#pragma once

#include "imaging/Samples.h"

#include <cstdint>
#include <span>
#include <string>

namespace foveate::imaging {

struct CodeStream {
    Samples samples;
    bool isSigned = false; ///< the samples were signed and are shifted to start at 0
    std::string damage;    ///< not empty: decoded in part
};

/// REQUIRES nothing of the bytes. The size must be width × height, else damaged; unsupported: subsampled or mixed
/// components.
Result<CodeStream> decodeCodeStream(std::span<const std::uint8_t> bytes, std::uint32_t width, std::uint32_t height);

} // namespace foveate::imaging
