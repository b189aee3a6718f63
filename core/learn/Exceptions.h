// SPDX-License-Identifier: GPL-3.0-or-later
// LibTorch's exceptions as error codes; they never leave learn/ and explain/ in another form.
#pragma once

#include "base/Result.h"

#include <exception>
#include <utility>

namespace foveate::learn {

/// outOfMemory (args: "cpu" or "cuda") for a failed allocation on either, rankLost when another rank fell silent, else
/// internal (args: the first line of the message).
Error errorOf(const std::exception& exception);

/// Calls `work`, which returns a Result or Status; a thrown exception becomes its error.
template <typename Work> auto guarded(const Work& work) -> decltype(work())
{
    try {
        return work();
    } catch (const std::exception& exception) {
        return tl::unexpected<Error>(errorOf(exception));
    }
}

} // namespace foveate::learn
