// SPDX-License-Identifier: GPL-3.0-or-later
// The worker's side of client/Protocol.h: requests in, pixels and replies out, until the client closes the socket.
#pragma once

#include "base/Result.h"
#include "imaging/Cage.h"
#include "imaging/Picture.h"
#include "imaging/client/Protocol.h"

namespace foveate::imaging {

/// Says Hello, then serves. true when the client has gone, false when the socket is not one or breaks.
bool serve(int socket, const CageState& cage);

/// A decoded frame or its error as a Reply, without touching memory files.
protocol::Reply makeReply(const Result<Picture>& decoded, const protocol::Request& request);

} // namespace foveate::imaging
