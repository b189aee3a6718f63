// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Codecs.h"
#include "imaging/Stb.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace foveate::imaging {
namespace {

struct StbFree {
    void operator()(std::uint8_t* p) const { stb::release(p); }
};

std::uint32_t number(Source& source, std::uint64_t offset, std::size_t count)
{
    std::uint8_t bytes[4] = {};
    source.read(offset, bytes, count);
    return std::uint32_t(bytes[0]) | std::uint32_t(bytes[1]) << 8 | std::uint32_t(bytes[2]) << 16 |
           std::uint32_t(bytes[3]) << 24;
}

/// How many rows, counted in the file's order, the file really holds. stb reads what is missing as zeros.
std::uint64_t rowsInFile(Source& source, std::uint64_t width)
{
    const bool core = number(source, 14, 4) == 12;
    const std::uint64_t bitsPerPixel = number(source, core ? 24 : 28, 2);
    const std::uint64_t stride = (width * bitsPerPixel + 31) / 32 * 4;
    const std::uint64_t begin = number(source, 10, 4);
    return source.size() > begin && stride ? (source.size() - begin) / stride : 0;
}

/// Pixels made of bytes that are not there become 0; rows stand bottom-up unless the header's height is negative.
void clearMissing(Source& source, Picture& picture)
{
    const std::uint64_t height = picture.about.height;
    const std::uint64_t held = rowsInFile(source, picture.about.width);
    if (held >= height)
        return;
    const bool topDown = number(source, 14, 4) != 12 && (number(source, 22, 4) & 0x80000000u);
    std::memset(topDown ? picture.row(held) : picture.row(0), 0, (height - held) * picture.rowBytes());
    picture.damage("premature end of file");
}

} // namespace

Result<Picture> decodeBmp(Source& source, std::uint32_t frame)
{
    if (frame != 0)
        return noSuchFrame();
    int width = 0, height = 0, channels = 0;
    Cursor header{source};
    if (!stb::info(header, width, height, channels))
        return codecError(Code::unsupported, stb::lastError());
    FOVEATE_CHECK(checkSize(std::uint64_t(std::max(width, 0)), std::uint64_t(std::max(height, 0))));
    Cursor cursor{source};
    const std::unique_ptr<std::uint8_t, StbFree> loaded(stb::load(cursor, width, height, channels));
    if (!loaded)
        return codecError(Code::damaged, stb::lastError());
    if (channels != 3 && channels != 4)
        return codecError(Code::unsupported, "channels");
    Picture picture;
    picture.about.format = Format::bmp;
    FOVEATE_CHECK(picture.shape(std::uint64_t(width), std::uint64_t(height), 3, 8));
    const std::size_t bytes = std::size_t(width) * std::size_t(height) * std::size_t(channels);
    if (channels == 3) {
        std::memcpy(picture.pixels.data(), loaded.get(), bytes);
    } else {
        Buffer withAlpha(bytes);
        if (!withAlpha)
            return codecError(Code::tooLarge, "not enough memory");
        std::memcpy(withAlpha.data(), loaded.get(), bytes);
        blendOntoBlack(withAlpha, picture);
    }
    clearMissing(source, picture);
    return picture;
}

} // namespace foveate::imaging
