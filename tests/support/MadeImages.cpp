// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/MadeImages.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <jpeglib.h>
#include <png.h>
#include <sys/mman.h>
#include <tiffio.h>
#include <unistd.h>

namespace foveate::made {
namespace {

void appendPng(png_structp png, png_bytep bytes, png_size_t count)
{
    static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), count);
}

void flushNothing(png_structp)
{}

std::string packBits(const Pixels& pixels, std::uint32_t y)
{
    const std::size_t count = std::size_t(pixels.width) * pixels.channels;
    const std::uint16_t* row = pixels.values.data() + y * count;
    std::string out;
    if (pixels.bits == 16) {
        out.assign(reinterpret_cast<const char*>(row), count * 2);
        return out;
    }
    out.assign((count * pixels.bits + 7) / 8, '\0');
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t bit = i * pixels.bits;
        out[bit / 8] = char(std::uint8_t(out[bit / 8]) | row[i] << (8 - pixels.bits - bit % 8));
    }
    return out;
}

int pngColour(const Pixels& pixels, const PngOptions& options)
{
    if (options.palette)
        return PNG_COLOR_TYPE_PALETTE;
    const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
    return types[pixels.channels - 1];
}

/// A TIFF header in an EXIF block that holds the orientation alone.
std::string exifBlock(int orientation)
{
    std::string block("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 25);
    block += char(orientation);
    return block + std::string("\0\0\0\0\0\0", 6);
}

std::string floats(const Pixels& pixels, std::uint32_t y)
{
    std::vector<float> row;
    for (std::size_t i = 0; i < std::size_t(pixels.width) * pixels.channels; ++i)
        row.push_back(pixels.values[y * std::size_t(pixels.width) * pixels.channels + i]);
    return {reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float)};
}

void describeTiff(TIFF* tiff, const Pixels& page, const TiffOptions& options)
{
    const int usual = options.palette      ? PHOTOMETRIC_PALETTE
                      : page.channels >= 3 ? PHOTOMETRIC_RGB
                                           : PHOTOMETRIC_MINISBLACK;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, int(page.channels));
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, options.real ? 32 : int(page.bits));
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, options.photometric >= 0 ? options.photometric : usual);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, options.separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, options.compression);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, options.orientation);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT,
                 options.real       ? SAMPLEFORMAT_IEEEFP
                 : options.isSigned ? SAMPLEFORMAT_INT
                                    : SAMPLEFORMAT_UINT);
    if (options.tiled) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 16);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 8);
    }
    if (options.extra >= 0) {
        const std::uint16_t kind = std::uint16_t(options.extra);
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    if (options.palette) {
        std::uint16_t red[256], green[256], blue[256];
        for (int i = 0; i < 256; ++i) {
            red[i] = std::uint16_t(i * 257);
            green[i] = std::uint16_t((255 - i) * 257);
            blue[i] = 7 * 257;
        }
        TIFFSetField(tiff, TIFFTAG_COLORMAP, red, green, blue);
    }
}

/// One plane of the page as an image of one channel.
Pixels planeOf(const Pixels& page, std::uint32_t channel)
{
    Pixels plane{page.width, page.height, 1, page.bits, {}};
    for (std::size_t i = channel; i < page.values.size(); i += page.channels)
        plane.values.push_back(page.values[i]);
    return plane;
}

void writeTiles(TIFF* tiff, const Pixels& page)
{
    for (std::uint32_t y = 0; y < page.height; y += 16)
        for (std::uint32_t x = 0; x < page.width; x += 16) {
            Pixels tile{16, 16, page.channels, page.bits, std::vector<std::uint16_t>(256 * page.channels)};
            for (std::uint32_t j = 0; j < std::min(16u, page.height - y); ++j)
                for (std::uint32_t i = 0; i < std::min(16u, page.width - x); ++i)
                    for (std::uint32_t c = 0; c < page.channels; ++c)
                        tile.at(i, j, c) = page.values[((y + j) * std::size_t(page.width) + x + i) * page.channels + c];
            std::string bytes;
            for (std::uint32_t j = 0; j < 16; ++j)
                bytes += packBits(tile, j);
            TIFFWriteTile(tiff, bytes.data(), x, y, 0, 0);
        }
}

void writeTiffPage(TIFF* tiff, const Pixels& page, const TiffOptions& options)
{
    describeTiff(tiff, page, options);
    if (options.tiled)
        writeTiles(tiff, page);
    for (std::uint32_t plane = 0; !options.tiled && plane < (options.separate ? page.channels : 1); ++plane) {
        const Pixels part = options.separate ? planeOf(page, plane) : page;
        for (std::uint32_t y = 0; y < page.height; ++y) {
            std::string row = options.real ? floats(part, y) : packBits(part, y);
            TIFFWriteScanline(tiff, row.data(), y, std::uint16_t(plane));
        }
    }
    TIFFWriteDirectory(tiff);
}

void put(std::string& out, std::uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; ++i)
        out += char(value >> (8 * i) & 0xff);
}

} // namespace

std::string Pixels::bytes() const
{
    if (bits > 8)
        return {reinterpret_cast<const char*>(values.data()), values.size() * 2};
    std::string out;
    for (const std::uint16_t value : values)
        out += char(value);
    return out;
}

Pixels pattern(std::uint32_t width, std::uint32_t height, std::uint32_t channels, unsigned bits)
{
    Pixels pixels{width, height, channels, bits, {}};
    const std::uint32_t mask = (1u << bits) - 1;
    for (std::uint32_t y = 0; y < height; ++y)
        for (std::uint32_t x = 0; x < width; ++x)
            for (std::uint32_t c = 0; c < channels; ++c)
                pixels.values.push_back(
                    std::uint16_t((x * 37 + y * 101 + c * 59 + x * y) * (bits > 8 ? 211 : 1) & mask));
    return pixels;
}

Pixels constant(std::uint32_t width, std::uint32_t height, std::uint32_t channels, std::uint16_t value, unsigned bits)
{
    return {width, height, channels, bits, std::vector<std::uint16_t>(std::size_t(width) * height * channels, value)};
}

std::string png(const Pixels& pixels, PngOptions options)
{
    std::string out;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &out, appendPng, flushNothing);
    png_set_IHDR(png, info, pixels.width, pixels.height, int(pixels.bits), pngColour(pixels, options),
                 options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (options.palette) {
        png_color entries[256];
        for (int i = 0; i < 256; ++i)
            entries[i] = {png_byte(i), png_byte(255 - i), 7};
        png_set_PLTE(png, info, entries, 256);
    }
    png_write_info(png, info);
    if (pixels.bits == 16)
        png_set_swap(png);
    std::vector<std::string> rows;
    for (std::uint32_t y = 0; y < pixels.height; ++y)
        rows.push_back(packBits(pixels, y));
    const int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; ++pass)
        for (const std::string& row : rows)
            png_write_row(png, reinterpret_cast<png_const_bytep>(row.data()));
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return out;
}

std::string jpeg(const Pixels& pixels, JpegOptions options)
{
    jpeg_compress_struct cinfo{};
    jpeg_error_mgr errors{};
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&cinfo, &memory, &size);
    cinfo.image_width = pixels.width;
    cinfo.image_height = pixels.height;
    cinfo.input_components = int(pixels.channels);
    cinfo.in_color_space = pixels.channels == 1 ? JCS_GRAYSCALE : pixels.channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, options.quality, TRUE);
    if (options.progressive)
        jpeg_simple_progression(&cinfo);
    jpeg_start_compress(&cinfo, TRUE);
    if (options.orientation) {
        const std::string exif = exifBlock(options.orientation);
        jpeg_write_marker(&cinfo, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()), unsigned(exif.size()));
    }
    for (std::uint32_t y = 0; y < pixels.height; ++y) {
        std::string row = packBits(pixels, y);
        JSAMPROW pointer = reinterpret_cast<JSAMPROW>(row.data());
        jpeg_write_scanlines(&cinfo, &pointer, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    std::string out(reinterpret_cast<const char*>(memory), size);
    std::free(memory);
    return out;
}

std::string tiff(const std::vector<Pixels>& pages, TiffOptions options)
{
    const int fd = memfd_create("made.tif", 0);
    TIFF* tiff = TIFFFdOpen(dup(fd), "made.tif", "w");
    for (const Pixels& page : pages)
        writeTiffPage(tiff, page, options);
    TIFFClose(tiff);
    std::string out(std::size_t(lseek(fd, 0, SEEK_END)), '\0');
    const ssize_t got = pread(fd, out.data(), out.size(), 0);
    close(fd);
    out.resize(got > 0 ? std::size_t(got) : 0);
    return out;
}

std::string bmp(const Pixels& pixels)
{
    const unsigned bits = pixels.channels * 8;
    const std::uint32_t stride = (pixels.width * bits + 31) / 32 * 4;
    const std::uint32_t offset = 54 + (pixels.channels == 1 ? 1024 : 0);
    std::string out = "BM";
    for (const std::uint32_t value : {offset + stride * pixels.height, 0u, offset, 40u, pixels.width, pixels.height})
        put(out, value, 4);
    put(out, 1, 2);
    put(out, bits, 2);
    for (const std::uint32_t value : {0u, stride * pixels.height, 2835u, 2835u, pixels.channels == 1 ? 256u : 0u, 0u})
        put(out, value, 4);
    for (std::uint32_t i = 0; pixels.channels == 1 && i < 256; ++i)
        put(out, i * 0x010101, 4);
    for (std::uint32_t y = pixels.height; y-- > 0;) {
        std::string row;
        for (std::uint32_t x = 0; x < pixels.width; ++x)
            for (std::uint32_t c = 0; c < pixels.channels; ++c) {
                const std::uint32_t stored = pixels.channels >= 3 && c < 3 ? 2 - c : c; // blue, green, red, alpha
                row += char(pixels.values[(std::size_t(y) * pixels.width + x) * pixels.channels + stored]);
            }
        row.resize(stride);
        out += row;
    }
    return out;
}

std::string withDicomUint16(std::string file, std::uint16_t group, std::uint16_t element, std::uint16_t value)
{
    std::string head;
    put(head, group, 2);
    put(head, element, 2);
    head += std::string("US\x02\0", 4);
    const std::size_t at = file.find(head);
    if (at == std::string::npos)
        throw std::runtime_error("no such element");
    file[at + 8] = char(value & 0xff);
    file[at + 9] = char(value >> 8);
    return file;
}

TemporaryFile::TemporaryFile(const std::string& bytes, const std::string& suffix)
{
    std::string name = "/tmp/foveate-test-XXXXXX" + suffix;
    const int fd = mkstemps(name.data(), int(suffix.size()));
    if (fd >= 0)
        close(fd);
    m_path = name;
    replace(bytes);
}

TemporaryFile::~TemporaryFile()
{
    unlink(m_path.c_str());
}

void TemporaryFile::replace(const std::string& bytes) const
{
    std::ofstream(m_path, std::ios::binary | std::ios::trunc).write(bytes.data(), std::streamsize(bytes.size()));
}

} // namespace foveate::made
