// SPDX-License-Identifier: GPL-3.0-or-later
// stb_image's BMP reader behind plain functions, so that its header is compiled in one file alone.
#pragma once

#include "imaging/Source.h"

#include <cstdint>

namespace foveate::imaging::stb {

/// Size and channels from the header; false when it is no BMP of a kind that stb reads.
bool info(Cursor& cursor, int& width, int& height, int& channels);
/// 8-bit pixels with `channels` interleaved, rows from top to bottom, to be given back with release(); null on failure.
/// Bytes past the end of the file read as 0.
std::uint8_t* load(Cursor& cursor, int& width, int& height, int& channels);
void release(std::uint8_t* pixels);
const char* lastError();

} // namespace foveate::imaging::stb
