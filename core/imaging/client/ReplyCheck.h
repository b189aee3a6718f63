// SPDX-License-Identifier: GPL-3.0-or-later
// The worker's words measured before they are used: a Reply becomes an Image without pixels, or an Error.
#pragma once

#include "base/Result.h"
#include "imaging/client/Image.h"
#include "imaging/client/Protocol.h"

#include <string>

namespace foveate::imaging {

/// decoderDied when any field is impossible (sizes, depth, lengths, window, numbers that are not finite, another
/// request's id); else the worker's own outcome, worded with `label`. Texts are cut at their NUL and made printable.
Result<Image> imageFromReply(const protocol::Reply& reply, const protocol::Request& request, const std::string& label);

/// A NUL-terminated text field that may lack its NUL.
std::string textField(const char* field, std::size_t size);

} // namespace foveate::imaging
