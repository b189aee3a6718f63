// SPDX-License-Identifier: GPL-3.0-or-later
// Many files decoded side by side and handed on one after another in the order given.
//
// One thread per decoding process; at most kAhead files are decoded ahead of the one that is handed on, so memory is
// bounded. What is handed on does not depend on the number of threads.
#pragma once

#include "base/Pack.h"
#include "base/Result.h"
#include "imaging/client/DecoderPool.h"
#include "imaging/client/PackImage.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace foveate::session {

struct DecodedFile {
    std::vector<imaging::PackImage> frames; ///< at least one unless `error`
    std::optional<Error> error;
    bool several = false;    ///< the file has more than one frame
    bool incomplete = false; ///< some frames could not be read
    std::string patientHint; ///< DICOM PatientID; never log it
};

struct DecodeRequest {
    std::string path;
    std::optional<std::uint32_t> frame; ///< nothing: all
};

constexpr std::size_t kAhead = 64;

/// Calls `take` on the calling thread for each request in order; an error of `take` stops everything and is returned.
Status decodeInOrder(imaging::DecoderPool& pool, int workers, const std::vector<DecodeRequest>& requests,
                     PackShape shape, Fit fit, const std::function<Status(std::size_t index, DecodedFile file)>& take);

} // namespace foveate::session
