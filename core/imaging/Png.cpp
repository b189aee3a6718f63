// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Codecs.h"

#include "imaging/client/Protocol.h"

#include <csetjmp>
#include <png.h>

namespace foveate::imaging {
namespace {

/// libpng's two structures and the message of its last error.
struct Reader {
    png_structp png = nullptr;
    png_infop info = nullptr;
    Cursor cursor;
    std::string error;

    explicit Reader(Source& source);
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    bool alpha() const { return png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA; }
};

void onError(png_structp png, png_const_charp message)
{
    static_cast<Reader*>(png_get_error_ptr(png))->error = message;
    png_longjmp(png, 1);
}

void onWarning(png_structp, png_const_charp)
{}

void readBytes(png_structp png, png_bytep to, png_size_t count)
{
    if (static_cast<Reader*>(png_get_io_ptr(png))->cursor.read(to, count) < count)
        png_error(png, "premature end of file");
}

Reader::Reader(Source& source) : cursor{source}
{
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, onError, onWarning);
    info = png ? png_create_info_struct(png) : nullptr;
}

/// Chunks that carry no pixels are stepped over unread: colour profiles, texts, palettes for printing.
void limitWork(png_structp png)
{
    static const png_byte skipped[] = "iCCP\0tEXt\0zTXt\0iTXt\0sPLT\0hIST";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped, 6);
    png_set_user_limits(png, protocol::kMaxSide, protocol::kMaxSide);
    png_set_chunk_cache_max(png, 64);
    png_set_chunk_malloc_max(png, 4u << 20);
    // Compressed data are taken in small pieces: where the file ends, at most one piece before the end is lost.
    png_set_compression_buffer_size(png, 512);
}

// The functions below return false after libpng's longjmp; nothing with a destructor lives in them.

bool readHeader(Reader& reader)
{
    if (setjmp(png_jmpbuf(reader.png)))
        return false;
    png_set_read_fn(reader.png, &reader, readBytes);
    limitWork(reader.png);
    png_read_info(reader.png, reader.info);
    png_set_expand(reader.png); // palette to RGB, 1, 2 and 4 bits to 8, a transparent colour to alpha
    if (png_get_bit_depth(reader.png, reader.info) == 16)
        png_set_swap(reader.png);
    png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    return true;
}

/// `read` counts rows of all passes.
bool readRows(Reader& reader, std::byte* rows, std::size_t rowBytes, std::uint32_t height, std::uint64_t& read)
{
    if (setjmp(png_jmpbuf(reader.png)))
        return false;
    const int passes = png_get_interlace_type(reader.png, reader.info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
    for (int pass = 0; pass < passes; ++pass)
        for (std::uint32_t y = 0; y < height; ++y) {
            png_read_row(reader.png, reinterpret_cast<png_bytep>(rows + y * rowBytes), nullptr);
            ++read;
        }
    return true;
}

bool readEnd(Reader& reader)
{
    if (setjmp(png_jmpbuf(reader.png)))
        return false;
    png_read_end(reader.png, reader.info);
    return true;
}

unsigned orientationOf(Reader& reader)
{
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (!png_get_eXIf_1(reader.png, reader.info, &size, &exif))
        return 1;
    return exifOrientation(exif, size);
}

Status readPixels(Reader& reader, Picture& picture)
{
    const std::uint32_t height = picture.about.height;
    const std::size_t rowBytes = png_get_rowbytes(reader.png, reader.info);
    Buffer withAlpha(reader.alpha() ? rowBytes * height : 0);
    if (!withAlpha)
        return codecError(Code::tooLarge, "not enough memory");
    std::byte* rows = reader.alpha() ? withAlpha.data() : picture.pixels.data();
    std::uint64_t read = 0;
    if (!readRows(reader, rows, rowBytes, height, read)) {
        if (read == 0)
            return codecError(Code::damaged, reader.error);
        picture.damage(reader.error);
    } else if (!readEnd(reader)) {
        picture.damage(reader.error);
    }
    if (reader.alpha())
        blendOntoBlack(withAlpha, picture);
    return {};
}

} // namespace

Result<Picture> decodePng(Source& source, std::uint32_t frame)
{
    if (frame != 0)
        return noSuchFrame();
    Reader reader(source);
    if (!reader.info)
        return codecError(Code::tooLarge, "not enough memory");
    if (!readHeader(reader))
        return codecError(reader.error.find("limit") != std::string::npos ? Code::tooLarge : Code::damaged,
                          reader.error);
    const bool colour = png_get_color_type(reader.png, reader.info) & PNG_COLOR_MASK_COLOR;
    Picture picture;
    picture.about.format = Format::png;
    FOVEATE_CHECK(picture.shape(png_get_image_width(reader.png, reader.info),
                                png_get_image_height(reader.png, reader.info), colour ? 3 : 1,
                                png_get_bit_depth(reader.png, reader.info)));
    FOVEATE_CHECK(readPixels(reader, picture));
    FOVEATE_CHECK(applyOrientation(picture, orientationOf(reader)));
    return picture;
}

} // namespace foveate::imaging
