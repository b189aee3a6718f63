// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Picture.h"

#include "imaging/client/Protocol.h"

#include <cstring>
#include <utility>

namespace foveate::imaging {
namespace {

/// Where pixel (x, y) of the upright picture stood in the stored one, for stored sides w, h.
struct Position {
    std::uint32_t x, y;
};

Position storedPosition(unsigned orientation, std::uint32_t x, std::uint32_t y, std::uint32_t w, std::uint32_t h)
{
    switch (orientation) {
    case 2: return {w - 1 - x, y};
    case 3: return {w - 1 - x, h - 1 - y};
    case 4: return {x, h - 1 - y};
    case 5: return {y, x};
    case 6: return {y, h - 1 - x};
    case 7: return {w - 1 - y, h - 1 - x};
    case 8: return {w - 1 - y, x};
    default: return {x, y};
    }
}

/// Bounded little- or big-endian reading of an EXIF block.
struct ExifReader {
    const std::uint8_t* bytes;
    std::size_t size;
    bool big;

    std::uint32_t number(std::size_t at, std::size_t count) const
    {
        if (at > size || count > size - at)
            return 0;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < count; ++i)
            value = value << 8 | bytes[at + (big ? i : count - 1 - i)];
        return value;
    }
};

} // namespace

Status checkSize(std::uint64_t width, std::uint64_t height)
{
    if (width == 0 || height == 0)
        return codecError(Code::damaged, "a side of 0 pixels");
    if (width > protocol::kMaxSide || height > protocol::kMaxSide || width * height > protocol::kMaxPixels)
        return codecError(Code::tooLarge, std::to_string(width) + " x " + std::to_string(height) + " pixels");
    return {};
}

Status Picture::shape(std::uint64_t width, std::uint64_t height, std::uint8_t channels, std::uint8_t bits)
{
    FOVEATE_CHECK(checkSize(width, height));
    about.width = std::uint32_t(width);
    about.height = std::uint32_t(height);
    about.channels = channels;
    about.bits = about.bitsStored = bits;
    about.windowHigh = bits == 16 ? 65535 : 255;
    pixels = Buffer(about.byteCount());
    if (!pixels)
        return codecError(Code::tooLarge, "not enough memory");
    return {};
}

void Picture::damage(const std::string& how)
{
    if (!about.damaged)
        about.damage = how;
    about.damaged = true;
}

Status applyOrientation(Picture& picture, unsigned orientation)
{
    if (orientation < 2 || orientation > 8)
        return {};
    const std::uint32_t w = picture.about.width, h = picture.about.height;
    Buffer turned(picture.pixels.size());
    if (!turned)
        return codecError(Code::tooLarge, "not enough memory");
    const bool swapped = orientation >= 5;
    const std::uint32_t toWidth = swapped ? h : w, toHeight = swapped ? w : h;
    const std::size_t each = std::size_t(picture.about.channels) * (picture.about.bits / 8);
    std::byte* to = turned.data();
    for (std::uint32_t y = 0; y < toHeight; ++y)
        for (std::uint32_t x = 0; x < toWidth; ++x, to += each) {
            const Position from = storedPosition(orientation, x, y, w, h);
            std::memcpy(to, picture.pixels.data() + (std::size_t(from.y) * w + from.x) * each, each);
        }
    picture.about.width = toWidth;
    picture.about.height = toHeight;
    if (swapped && picture.about.spacingMm)
        std::swap(picture.about.spacingMm->row, picture.about.spacingMm->column);
    picture.pixels = std::move(turned);
    return {};
}

unsigned exifOrientation(const std::uint8_t* exif, std::size_t size)
{
    if (size < 8 || (std::memcmp(exif, "II*\0", 4) != 0 && std::memcmp(exif, "MM\0*", 4) != 0))
        return 1;
    const ExifReader reader{exif, size, exif[0] == 'M'};
    const std::size_t directory = reader.number(4, 4);
    const std::uint32_t entries = reader.number(directory, 2);
    for (std::uint32_t i = 0; i < entries && i < 200; ++i) {
        const std::size_t entry = directory + 2 + std::size_t(i) * 12;
        if (reader.number(entry, 2) == 0x0112 && reader.number(entry + 2, 2) == 3)
            return reader.number(entry + 8, 2);
    }
    return 1;
}

} // namespace foveate::imaging
