// SPDX-License-Identifier: GPL-3.0-or-later
// One 64-byte block of SHA-256: in plain C++, and by the processor's own instructions (about eight times faster).
#pragma once

#include <cstdint>

namespace foveate {

/// Folds `block` (64 bytes) into `state` (8 words).
void sha256BlockPlain(std::uint32_t* state, const std::uint8_t* block);
/// The same by SHA-NI. REQUIRES: hasShaInstructions().
void sha256BlockNative(std::uint32_t* state, const std::uint8_t* block);
bool hasShaInstructions();

} // namespace foveate
