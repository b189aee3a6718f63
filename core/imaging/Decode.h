// SPDX-License-Identifier: GPL-3.0-or-later
// A file's format by its content, and the frame by that format's codec.
#pragma once

#include "base/Result.h"
#include "imaging/Picture.h"
#include "imaging/Source.h"

#include <cstdint>
#include <optional>

namespace foveate::imaging {

/// By the first bytes, never by a name. A DICOM preamble decides before what stands in front of it; DICOM without a
/// preamble is recognised by a plausible first element.
std::optional<Format> sniff(Source& source);

/// The frame with its window set. notAnImage, or as Codecs.h; a library's exception is damaged, lack of memory
/// tooLarge.
Result<Picture> decodeFrame(Source& source, std::uint32_t frame);

/// The smallest values v with at least 0.1 % and 99.9 % of the numbers ≤ v; a constant image gives [v, v + 1].
void setPercentileWindow(Picture& picture);

} // namespace foveate::imaging
