// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Codecs.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include <jerror.h>

namespace foveate::imaging {
namespace {

constexpr int kMaxScans = 500; // no real file has more than 100; each costs a pass over the image
constexpr std::size_t kBlock = 16 * 1024;

/// libjpeg's structures with our own error, input and progress; found again from `cinfo` by its client_data.
struct Reader {
    jpeg_decompress_struct cinfo{};
    jpeg_error_mgr errors{};
    jpeg_source_mgr input{};
    jpeg_progress_mgr progress{};
    std::jmp_buf escape{};
    Cursor cursor;
    JOCTET block[kBlock]{};
    std::string message;
    int code = 0;
    JDIMENSION goodRows = 0; ///< rows before the first one with invented data
    bool invented = false;   ///< data ran out somewhere
    bool tooManyScans = false;
    bool severalScans = false;

    explicit Reader(Source& source);
    ~Reader() { jpeg_destroy_decompress(&cinfo); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
};

Reader& readerOf(j_common_ptr cinfo)
{
    return *static_cast<Reader*>(cinfo->client_data);
}

void noteMessage(j_common_ptr cinfo)
{
    char text[JMSG_LENGTH_MAX] = {};
    cinfo->err->format_message(cinfo, text);
    Reader& reader = readerOf(cinfo);
    reader.message = text;
    reader.code = cinfo->err->msg_code;
}

[[noreturn]] void onError(j_common_ptr cinfo)
{
    noteMessage(cinfo);
    std::longjmp(readerOf(cinfo).escape, 1);
}

void onMessage(j_common_ptr cinfo, int level)
{
    if (level >= 0)
        return;
    Reader& reader = readerOf(cinfo);
    if (cinfo->err->num_warnings++ == 0)
        noteMessage(cinfo);
    if (cinfo->err->msg_code == JWRN_HIT_MARKER && !reader.invented) {
        reader.invented = true;
        reader.goodRows = reader.cinfo.output_scanline;
    }
}

void onProgress(j_common_ptr cinfo)
{
    Reader& reader = readerOf(cinfo);
    if (reader.cinfo.input_scan_number <= kMaxScans)
        return;
    reader.tooManyScans = true;
    reader.message = "more than 500 scans";
    std::longjmp(reader.escape, 1);
}

boolean fillInput(j_decompress_ptr cinfo)
{
    Reader& reader = readerOf(reinterpret_cast<j_common_ptr>(cinfo));
    std::size_t got = reader.cursor.read(reader.block, kBlock);
    if (got == 0) {
        WARNMS(cinfo, JWRN_JPEG_EOF);
        reader.block[0] = 0xFF;
        reader.block[1] = JPEG_EOI;
        got = 2;
    }
    reader.input.next_input_byte = reader.block;
    reader.input.bytes_in_buffer = got;
    return TRUE;
}

void skipInput(j_decompress_ptr cinfo, long count)
{
    Reader& reader = readerOf(reinterpret_cast<j_common_ptr>(cinfo));
    if (count <= 0)
        return;
    const std::size_t held = std::min<std::size_t>(std::size_t(count), reader.input.bytes_in_buffer);
    reader.input.next_input_byte += held;
    reader.input.bytes_in_buffer -= held;
    reader.cursor.at += std::size_t(count) - held;
}

void noInput(j_decompress_ptr)
{}

Reader::Reader(Source& source) : cursor{source}
{
    cinfo.err = jpeg_std_error(&errors);
    errors.error_exit = onError;
    errors.emit_message = onMessage;
    cinfo.client_data = this;
    input.init_source = noInput;
    input.fill_input_buffer = fillInput;
    input.skip_input_data = skipInput;
    input.resync_to_restart = jpeg_resync_to_restart;
    input.term_source = noInput;
    progress.progress_monitor = onProgress;
}

// The functions below return false after the longjmp; nothing with a destructor lives in them.

bool readHeader(Reader& reader)
{
    if (setjmp(reader.escape))
        return false;
    jpeg_create_decompress(&reader.cinfo);
    reader.cinfo.client_data = &reader;
    reader.cinfo.src = &reader.input;
    reader.cinfo.progress = &reader.progress;
    jpeg_save_markers(&reader.cinfo, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&reader.cinfo, TRUE);
    reader.severalScans = jpeg_has_multiple_scans(&reader.cinfo);
    return true;
}

bool chooseColours(jpeg_decompress_struct& cinfo)
{
    switch (cinfo.jpeg_color_space) {
    case JCS_GRAYSCALE: cinfo.out_color_space = JCS_GRAYSCALE; return true;
    case JCS_YCbCr:
    case JCS_RGB: cinfo.out_color_space = JCS_RGB; return true;
    case JCS_CMYK:
    case JCS_YCCK: cinfo.out_color_space = JCS_CMYK; return true;
    default: return false;
    }
}

bool readRows(Reader& reader, std::uint8_t* rows, std::size_t rowBytes)
{
    if (setjmp(reader.escape))
        return false;
    jpeg_start_decompress(&reader.cinfo);
    while (reader.cinfo.output_scanline < reader.cinfo.output_height) {
        JSAMPROW row = rows + reader.cinfo.output_scanline * rowBytes;
        jpeg_read_scanlines(&reader.cinfo, &row, 1);
    }
    jpeg_finish_decompress(&reader.cinfo);
    return true;
}

unsigned orientationOf(const Reader& reader)
{
    for (jpeg_saved_marker_ptr marker = reader.cinfo.marker_list; marker; marker = marker->next)
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && std::memcmp(marker->data, "Exif\0", 6) == 0)
            return exifOrientation(marker->data + 6, marker->data_length - 6);
    return 1;
}

Code codeOf(const Reader& reader)
{
    switch (reader.code) {
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL: return Code::unsupported;
    case JERR_IMAGE_TOO_BIG: return Code::tooLarge;
    default: return Code::damaged;
    }
}

/// Rows that libjpeg made up (it repeats grey where data ran out) become 0.
void clearInvented(const Reader& reader, Buffer& rows, std::size_t rowBytes, std::uint32_t height)
{
    // With several scans every row has been seen at least coarsely, or is flat: no row border to cut at.
    if (!reader.invented || reader.severalScans)
        return;
    const std::size_t from = std::min<std::size_t>(reader.goodRows, height) * rowBytes;
    std::memset(rows.data() + from, 0, rows.size() - from);
}

Status readPixels(Reader& reader, Picture& picture)
{
    const bool cmyk = reader.cinfo.out_color_space == JCS_CMYK;
    const std::size_t rowBytes = std::size_t(picture.about.width) * (cmyk ? 4 : picture.about.channels);
    Buffer inks(cmyk ? rowBytes * picture.about.height : 0);
    if (!inks)
        return codecError(Code::tooLarge, "not enough memory");
    Buffer& rows = cmyk ? inks : picture.pixels;
    if (!readRows(reader, rows.as<std::uint8_t>(), rowBytes)) {
        if (reader.tooManyScans)
            return codecError(Code::tooLarge, reader.message);
        if (reader.cinfo.output_scanline == 0)
            return codecError(codeOf(reader), reader.message);
        picture.damage(reader.message);
    }
    if (reader.errors.num_warnings > 0)
        picture.damage(reader.message);
    if (cmyk)
        cmykToRgb(inks.as<std::uint8_t>(), picture.pixels.as<std::uint8_t>(), inks.size() / 4,
                  reader.cinfo.saw_Adobe_marker);
    clearInvented(reader, picture.pixels, picture.rowBytes(), picture.about.height);
    return {};
}

} // namespace

Result<Picture> decodeJpeg(Source& source, std::uint32_t frame)
{
    if (frame != 0)
        return noSuchFrame();
    // On the heap: the structures together are larger than a page, and outlive a longjmp.
    const auto reader = std::make_unique<Reader>(source);
    if (!readHeader(*reader))
        return codecError(codeOf(*reader), reader->message);
    if (!chooseColours(reader->cinfo))
        return codecError(Code::unsupported, "colour space");
    Picture picture;
    picture.about.format = Format::jpeg;
    FOVEATE_CHECK(picture.shape(reader->cinfo.image_width, reader->cinfo.image_height,
                                reader->cinfo.out_color_space == JCS_GRAYSCALE ? 1 : 3, 8));
    const unsigned orientation = orientationOf(*reader); // libjpeg forgets its markers when it finishes
    FOVEATE_CHECK(readPixels(*reader, picture));
    FOVEATE_CHECK(applyOrientation(picture, orientation));
    return picture;
}

} // namespace foveate::imaging
