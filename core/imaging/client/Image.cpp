// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/client/Image.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace foveate::imaging {

static_assert(std::endian::native == std::endian::little, "pixelSha() hashes 16-bit pixels as they lie in memory");

std::string_view name(Format format)
{
    switch (format) {
    case Format::png: return "png";
    case Format::jpeg: return "jpeg";
    case Format::tiff: return "tiff";
    case Format::bmp: return "bmp";
    case Format::dicom: return "dicom";
    }
    return "";
}

std::span<const std::uint8_t> Image::values8() const
{
    assert(bits == 8);
    return {reinterpret_cast<const std::uint8_t*>(pixels.get()), values()};
}

std::span<const std::uint16_t> Image::values16() const
{
    assert(bits == 16);
    return {reinterpret_cast<const std::uint16_t*>(pixels.get()), values()};
}

Digest pixelSha(const Image& image)
{
    const std::uint32_t head[4] = {image.width, image.height, image.channels, image.bits};
    return Sha256().add(std::as_bytes(std::span(head))).add(image.bytes()).digest();
}

Image makeImage(std::uint32_t width, std::uint32_t height, std::uint8_t channels, std::uint8_t bits,
                std::span<const std::byte> bytes)
{
    Image image;
    image.width = width;
    image.height = height;
    image.channels = channels;
    image.bits = image.bitsStored = bits;
    image.windowHigh = bits == 16 ? 65535 : 255;
    assert(bytes.size() == image.byteCount());
    const std::shared_ptr<std::byte> copy(new std::byte[bytes.size()], std::default_delete<std::byte[]>());
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    image.pixels = copy;
    return image;
}

} // namespace foveate::imaging
