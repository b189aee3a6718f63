// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Stb.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 65535
#include <stb/stb_image.h>

namespace foveate::imaging::stb {
namespace {

int readBytes(void* user, char* to, int count)
{
    return int(static_cast<Cursor*>(user)->read(to, std::size_t(count)));
}

void skipBytes(void* user, int count)
{
    Cursor& cursor = *static_cast<Cursor*>(user);
    cursor.at += std::uint64_t(count > 0 ? count : 0);
}

int atEnd(void* user)
{
    const Cursor& cursor = *static_cast<Cursor*>(user);
    return cursor.at >= cursor.source.size();
}

constexpr stbi_io_callbacks kCallbacks{readBytes, skipBytes, atEnd};

} // namespace

bool info(Cursor& cursor, int& width, int& height, int& channels)
{
    return stbi_info_from_callbacks(&kCallbacks, &cursor, &width, &height, &channels) == 1;
}

std::uint8_t* load(Cursor& cursor, int& width, int& height, int& channels)
{
    return stbi_load_from_callbacks(&kCallbacks, &cursor, &width, &height, &channels, 0);
}

void release(std::uint8_t* pixels)
{
    stbi_image_free(pixels);
}

const char* lastError()
{
    const char* reason = stbi_failure_reason();
    return reason ? reason : "bmp";
}

} // namespace foveate::imaging::stb
