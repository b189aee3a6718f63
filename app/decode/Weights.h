// SPDX-License-Identifier: GPL-3.0-or-later
// `foveate-decode weights`: a stranger's .pth on standard input, safetensors on standard output, in the cage.
#pragma once

namespace foveate::decode {

/// Reads descriptor 0 (a file of at most 4 GB), writes descriptor 1, and one line of JSON {"code","args"} on descriptor
/// 2 when it fails. Exit status 0 or 3. The cage is closed before the first byte is read.
int convertWeights();

} // namespace foveate::decode
