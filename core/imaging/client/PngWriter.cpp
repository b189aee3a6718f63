// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/client/PngWriter.h"

#include "base/AtomicFile.h"

#include <csetjmp>
#include <png.h>

namespace foveate::imaging {
namespace {

void appendBytes(png_structp png, png_bytep bytes, png_size_t count)
{
    static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), count);
}

void flushNothing(png_structp)
{}

/// libpng's way out of an error is longjmp, so nothing with a destructor may live in here.
bool writeAll(png_structp png, png_infop info, const PixelView& pixels, int level, std::string& out)
{
    if (setjmp(png_jmpbuf(png)))
        return false;
    png_set_write_fn(png, &out, appendBytes, flushNothing);
    png_set_IHDR(png, info, pixels.width, pixels.height, pixels.bits,
                 pixels.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, level);
    png_write_info(png, info);
    if (pixels.bits == 16)
        png_set_swap(png); // PNG is big-endian
    const std::size_t rowBytes = std::size_t(pixels.width) * pixels.channels * (pixels.bits / 8);
    for (std::uint32_t y = 0; y < pixels.height; ++y)
        png_write_row(png, static_cast<png_const_bytep>(pixels.data) + y * rowBytes);
    png_write_end(png, info);
    return true;
}

bool isWritable(const PixelView& pixels, int level)
{
    return pixels.data && pixels.width && pixels.height && (pixels.channels == 1 || pixels.channels == 3) &&
           (pixels.bits == 8 || pixels.bits == 16) && level >= 0 && level <= 9;
}

} // namespace

PixelView view(const Image& image)
{
    return {image.pixels.get(), image.width, image.height, image.channels, image.bits};
}

Result<std::string> encodePng(const PixelView& pixels, int level)
{
    if (!isWritable(pixels, level))
        return fail(Code::usage, {"png"});
    std::string out;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png ? png_create_info_struct(png) : nullptr;
    const bool written = info && writeAll(png, info, pixels, level, out);
    png_destroy_write_struct(&png, &info);
    if (!written)
        return fail(Code::internal, {"png"});
    return out;
}

Status writePng(const std::string& path, const PixelView& pixels, int level)
{
    FOVEATE_TRY(const std::string bytes, encodePng(pixels, level));
    return writeFileAtomically(path, bytes);
}

} // namespace foveate::imaging
