// SPDX-License-Identifier: GPL-3.0-or-later
// Blinding: the one place that decides what of the model a reader may see for an image (contract.md §5).
//
// blind: nothing until the image's batch is closed. after: once this reader has committed a decision on it.
// Validation and test images: never before the study is closed, whatever the policy. Hidden truth: never.
#pragma once

#include "base/Result.h"
#include "base/RunFolder.h"

#include <string_view>

namespace foveate::session {

enum class Policy { blind, after };
/// usage for another word.
Result<Policy> policyFromName(std::string_view text);

struct Viewing {
    Policy policy = Policy::blind;
    Split split = Split::none; ///< of the image
    bool decided = false;      ///< this reader's decision on the image is durable
    bool batchClosed = false;  ///< the batch in which the reader got the image is read to its end
    bool studyClosed = false;
};

struct Visibility {
    bool prediction = false;    ///< the model's classes, probabilities, scores and
                                ///< the reason for the selection
    bool overlay = false;       ///< saliency
    bool waitsForEnter = false; ///< the next image waits until the reader goes on
    bool operator==(const Visibility&) const = default;
};

Visibility mayShow(const Viewing& viewing);

} // namespace foveate::session
