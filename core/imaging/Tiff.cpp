// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Codecs.h"
#include "imaging/Samples.h"
#include "imaging/client/Protocol.h"

#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include <tiffio.h>

namespace foveate::imaging {
namespace {

constexpr tmsize_t kMaxBlockBytes = tmsize_t(1) << 30;

/// What libtiff reads from and complains to.
struct Stream {
    explicit Stream(Source& input) : source(input) {}
    Source& source;
    std::uint64_t at = 0;
    std::string error;
    bool decodedBadly = false; ///< libjpeg inside libtiff warned: its pixels are partly invented

    void note(const char* format, va_list arguments)
    {
        char text[160];
        std::vsnprintf(text, sizeof text, format, arguments);
        if (error.empty())
            error = text;
    }
};

tmsize_t readBytes(thandle_t handle, void* to, tmsize_t count)
{
    Stream& stream = *static_cast<Stream*>(handle);
    const std::size_t got = stream.source.read(stream.at, to, std::size_t(count));
    stream.at += got;
    return tmsize_t(got);
}

tmsize_t writeNothing(thandle_t, void*, tmsize_t)
{
    return 0;
}

toff_t seek(thandle_t handle, toff_t offset, int whence)
{
    Stream& stream = *static_cast<Stream*>(handle);
    stream.at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? stream.at + offset : stream.source.size() + offset;
    return stream.at;
}

int closeNothing(thandle_t)
{
    return 0;
}

toff_t sizeOf(thandle_t handle)
{
    return static_cast<Stream*>(handle)->source.size();
}

int onError(TIFF*, void* user, const char*, const char* format, va_list arguments)
{
    static_cast<Stream*>(user)->note(format, arguments);
    return 1;
}

int onWarning(TIFF*, void* user, const char* module, const char* format, va_list arguments)
{
    // Unknown tags and the like are everyday; a warning of the JPEG decoder means pixels that are not in the file.
    if (module && std::strcmp(module, "JPEGLib") == 0) {
        static_cast<Stream*>(user)->decodedBadly = true;
        static_cast<Stream*>(user)->note(format, arguments);
    }
    return 1;
}

struct Close {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Handle = std::unique_ptr<TIFF, Close>;

Handle openTiff(Stream& stream)
{
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, kMaxBlockBytes);
    TIFFOpenOptionsSetErrorHandlerExtR(options, onError, &stream);
    TIFFOpenOptionsSetWarningHandlerExtR(options, onWarning, &stream);
    // m: no mapping; O: strip tables are read as needed, so a lying table costs nothing.
    TIFF* tiff = TIFFClientOpenExt("tiff", "rmO", &stream, readBytes, writeNothing, seek, closeNothing, sizeOf, nullptr,
                                   nullptr, options);
    TIFFOpenOptionsFree(options);
    return Handle(tiff);
}

/// The directory's fields that decide how samples are stored.
struct Layout {
    std::uint32_t width = 0, height = 0;
    std::uint16_t perPixel = 1, bits = 1, format = SAMPLEFORMAT_UINT, photometric = PHOTOMETRIC_MINISBLACK;
    std::uint16_t planar = PLANARCONFIG_CONTIG, compression = COMPRESSION_NONE, orientation = 1;
    Meaning::Alpha alpha = Meaning::Alpha::none;

    bool separate() const { return planar == PLANARCONFIG_SEPARATE && perPixel > 1; }
    bool isSigned() const { return format == SAMPLEFORMAT_INT; }
};

Meaning::Alpha alphaOf(TIFF* tiff)
{
    std::uint16_t count = 0;
    const std::uint16_t* kinds = nullptr;
    if (!TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count == 0 || !kinds)
        return Meaning::Alpha::none;
    switch (kinds[0]) {
    case EXTRASAMPLE_ASSOCALPHA: return Meaning::Alpha::premultiplied;
    case EXTRASAMPLE_UNASSALPHA: return Meaning::Alpha::straight;
    default: return Meaning::Alpha::none;
    }
}

Result<Layout> readLayout(TIFF* tiff)
{
    Layout layout;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height))
        return codecError(Code::damaged, "no size");
    FOVEATE_CHECK(checkSize(layout.width, layout.height));
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.perPixel);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout.format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout.planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout.compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &layout.orientation);
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric))
        layout.photometric = layout.perPixel >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    layout.alpha = alphaOf(tiff);
    if (layout.perPixel == 0 || layout.perPixel > 16)
        return codecError(Code::unsupported, std::to_string(layout.perPixel) + " samples per pixel");
    return layout;
}

/// Whether the samples can be taken as they are; otherwise libtiff's own 8-bit conversion is asked.
bool isPlain(const Layout& layout)
{
    const bool colour = layout.photometric <= PHOTOMETRIC_PALETTE || layout.photometric == PHOTOMETRIC_SEPARATED;
    const bool number =
        layout.format == SAMPLEFORMAT_UINT || layout.format == SAMPLEFORMAT_INT || layout.format == SAMPLEFORMAT_VOID;
    const bool integer = number && ((layout.bits >= 1 && layout.bits <= 16) || layout.bits == 32);
    const bool real = layout.format == SAMPLEFORMAT_IEEEFP && (layout.bits == 32 || layout.bits == 64);
    return colour && (integer || real);
}

Samples::Kind kindOf(const Layout& layout)
{
    if (layout.format == SAMPLEFORMAT_IEEEFP)
        return Samples::Kind::f32;
    return layout.bits <= 8 ? Samples::Kind::u8 : Samples::Kind::u16;
}

/// `count` unsigned numbers of 1..16 bits each, most significant bit first, from `in`.
template <typename T> void unpackBits(const std::byte* in, std::size_t count, unsigned bits, T* out, std::size_t step)
{
    std::uint32_t held = 0;
    unsigned have = 0;
    for (std::size_t i = 0; i < count; ++i, out += step) {
        while (have < bits) {
            held = (held << 8 | std::uint32_t(*in++)) & 0xFFFFFF;
            have += 8;
        }
        have -= bits;
        *out = T(held >> have & ((1u << bits) - 1));
    }
}

template <typename In, typename Out, typename Convert>
void convertRow(const std::byte* in, std::size_t count, Out* out, std::size_t step, const Convert& convert)
{
    for (std::size_t i = 0; i < count; ++i, out += step) {
        In value;
        std::memcpy(&value, in + i * sizeof(In), sizeof value);
        *out = convert(value);
    }
}

/// One row of one block into the samples, signed values shifted to start at 0.
void unpackRow(const Layout& layout, const std::byte* in, std::size_t count, Samples& to, std::size_t at,
               std::size_t step)
{
    const bool flip = layout.isSigned();
    if (to.kind == Samples::Kind::f32) {
        float* out = to.data.as<float>() + at;
        if (layout.bits == 32)
            convertRow<float>(in, count, out, step, [](float v) { return v; });
        else
            convertRow<double>(in, count, out, step, [](double v) { return float(v); });
    } else if (layout.bits == 8) {
        convertRow<std::uint8_t>(in, count, to.data.as<std::uint8_t>() + at, step,
                                 [flip](std::uint8_t v) { return std::uint8_t(flip ? v ^ 0x80u : v); });
    } else if (layout.bits == 16) {
        convertRow<std::uint16_t>(in, count, to.data.as<std::uint16_t>() + at, step,
                                  [flip](std::uint16_t v) { return std::uint16_t(flip ? v ^ 0x8000u : v); });
    } else if (layout.bits == 32) {
        convertRow<std::uint32_t>(in, count, to.data.as<std::uint16_t>() + at, step, [flip](std::uint32_t v) {
            return std::uint16_t((flip ? v ^ 0x80000000u : v) >> 16);
        });
    } else if (to.kind == Samples::Kind::u8) {
        unpackBits(in, count, layout.bits, to.data.as<std::uint8_t>() + at, step);
    } else {
        unpackBits(in, count, layout.bits, to.data.as<std::uint16_t>() + at, step);
    }
}

/// Reads every strip or tile of a directory into Samples.
class BlockReader {
public:
    BlockReader(TIFF* tiff, const Layout& layout, Samples& samples) : m_tiff(tiff), m_layout(layout), m_samples(samples)
    {}

    /// Failures: damaged, tooLarge. Blocks that cannot be read are counted, not an error.
    Status run()
    {
        const bool tiled = TIFFIsTiled(m_tiff);
        m_blockWidth = m_samples.width;
        std::uint32_t rows = m_samples.height;
        if (tiled) {
            TIFFGetField(m_tiff, TIFFTAG_TILEWIDTH, &m_blockWidth);
            TIFFGetField(m_tiff, TIFFTAG_TILELENGTH, &rows);
        } else {
            TIFFGetFieldDefaulted(m_tiff, TIFFTAG_ROWSPERSTRIP, &rows);
            rows = std::min(rows, m_samples.height);
        }
        m_blockHeight = rows;
        if (m_blockWidth == 0 || rows == 0)
            return codecError(Code::damaged, "a block of 0 pixels");
        const std::uint64_t bytes = tiled ? TIFFTileSize64(m_tiff) : TIFFStripSize64(m_tiff);
        m_rowBytes = std::size_t(tiled ? TIFFTileRowSize64(m_tiff) : TIFFScanlineSize64(m_tiff));
        if (bytes == 0 || bytes > std::uint64_t(kMaxBlockBytes) || bytes > m_rowBytes * std::uint64_t(rows))
            return codecError(Code::tooLarge, "strip or tile size");
        const std::uint64_t needed = (std::uint64_t(m_blockWidth) * samplesPerRowPixel() * m_layout.bits + 7) / 8;
        if (m_rowBytes < needed)
            return codecError(Code::damaged, "row size");
        m_block = Buffer(std::size_t(bytes));
        if (!m_block)
            return codecError(Code::tooLarge, "not enough memory");
        return readBlocks(tiled);
    }

    std::uint32_t whole = 0, blocks = 0;
    bool touched = false; ///< at least one byte was decoded

private:
    std::size_t samplesPerRowPixel() const { return m_layout.separate() ? 1 : m_samples.perPixel; }

    Status readBlocks(bool tiled)
    {
        const std::uint32_t planes = m_layout.separate() ? m_samples.perPixel : 1;
        std::uint32_t index = 0;
        for (std::uint32_t plane = 0; plane < planes; ++plane)
            for (std::uint32_t y = 0; y < m_samples.height; y += std::min(m_blockHeight, m_samples.height - y))
                for (std::uint32_t x = 0; x < m_samples.width; x += std::min(m_blockWidth, m_samples.width - x))
                    readBlock(tiled, index++, plane, x, y);
        return {};
    }

    void readBlock(bool tiled, std::uint32_t index, std::uint32_t plane, std::uint32_t x, std::uint32_t y)
    {
        ++blocks;
        std::memset(m_block.data(), 0, m_block.size());
        const std::uint32_t rows = std::min(m_blockHeight, m_samples.height - y);
        const auto expected = tmsize_t(tiled ? m_block.size() : std::min(m_block.size(), m_rowBytes * rows));
        const tmsize_t got = tiled ? TIFFReadEncodedTile(m_tiff, index, m_block.data(), expected)
                                   : TIFFReadEncodedStrip(m_tiff, index, m_block.data(), expected);
        whole += got == expected;
        // A block that broke off midway keeps what came before; the rest of it is still zero.
        touched |= got > 0 || std::any_of(m_block.data(), m_block.data() + expected,
                                          [](std::byte b) { return b != std::byte(0); });
        const std::size_t columns = std::min(m_blockWidth, m_samples.width - x);
        for (std::uint32_t row = 0; row < rows; ++row) {
            const std::size_t at = (std::size_t(y + row) * m_samples.width + x) * m_samples.perPixel + plane;
            unpackRow(m_layout, m_block.data() + row * m_rowBytes, columns * samplesPerRowPixel(), m_samples, at,
                      m_layout.separate() ? m_samples.perPixel : 1);
        }
    }

    TIFF* m_tiff;
    const Layout& m_layout;
    Samples& m_samples;
    Buffer m_block;
    std::size_t m_rowBytes = 0;
    std::uint32_t m_blockWidth = 0, m_blockHeight = 0;
};

void readPalette(TIFF* tiff, const Layout& layout, Meaning& meaning)
{
    std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
    if (layout.bits > 16 || !TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue))
        return;
    const std::size_t entries = std::size_t(1) << layout.bits;
    const auto isWide = [entries](const std::uint16_t* p) { return *std::max_element(p, p + entries) > 255; };
    // Some writers put 8-bit values where the format wants 16.
    const unsigned shift = isWide(red) || isWide(green) || isWide(blue) ? 8 : 0;
    for (std::size_t i = 0; i < entries; ++i)
        meaning.palette.push_back(
            {std::uint8_t(red[i] >> shift), std::uint8_t(green[i] >> shift), std::uint8_t(blue[i] >> shift)});
}

Meaning meaningOf(TIFF* tiff, const Layout& layout)
{
    Meaning meaning;
    meaning.alpha = layout.alpha;
    meaning.stretch = true;
    switch (layout.photometric) {
    case PHOTOMETRIC_MINISWHITE: meaning.colour = Meaning::Colour::whiteIsZero; break;
    case PHOTOMETRIC_RGB: meaning.colour = Meaning::Colour::rgb; break;
    case PHOTOMETRIC_SEPARATED: meaning.colour = Meaning::Colour::cmyk; break;
    case PHOTOMETRIC_PALETTE:
        meaning.colour = Meaning::Colour::palette;
        readPalette(tiff, layout, meaning);
        break;
    default: break;
    }
    return meaning;
}

Status readPlain(TIFF* tiff, const Stream& stream, const Layout& layout, Picture& picture)
{
    const unsigned bits = std::min<unsigned>(layout.bits, 16);
    FOVEATE_TRY(Samples samples, Samples::create(layout.width, layout.height, layout.perPixel, kindOf(layout), bits));
    BlockReader reader(tiff, layout, samples);
    FOVEATE_CHECK(reader.run());
    if (!reader.touched)
        return codecError(Code::damaged, stream.error);
    FOVEATE_CHECK(render(samples, meaningOf(tiff, layout), picture));
    picture.about.bitsStored = std::uint8_t(layout.bits);
    if (reader.whole < reader.blocks)
        picture.damage(stream.error.empty() ? "strips are missing" : stream.error);
    return {};
}

/// YCbCr with subsampling, CIE L*a*b*, LogLuv and old JPEG: libtiff's own conversion to 8-bit RGB.
Status readConverted(TIFF* tiff, const Stream& stream, const Layout& layout, Picture& picture)
{
    char reason[1024] = {};
    if (!TIFFRGBAImageOK(tiff, reason))
        return codecError(Code::unsupported, reason);
    FOVEATE_CHECK(picture.shape(layout.width, layout.height, 3, 8));
    const std::size_t pixels = std::size_t(layout.width) * layout.height;
    Buffer raster(pixels * 4);
    if (!raster)
        return codecError(Code::tooLarge, "not enough memory");
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT); // turned by us, like every other picture
    const bool read = TIFFReadRGBAImageOriented(tiff, layout.width, layout.height, raster.as<std::uint32_t>(),
                                                ORIENTATION_TOPLEFT, 0);
    for (std::size_t i = 0; i < pixels; ++i)
        std::memcpy(picture.pixels.data() + 3 * i, raster.data() + 4 * i, 3);
    if (!read || !stream.error.empty())
        picture.damage(stream.error.empty() ? "strips are missing" : stream.error);
    return {};
}

/// How many directories there are, up to the limit; libtiff itself stops at loops.
std::uint32_t countFrames(TIFF* tiff)
{
    std::uint32_t count = 1;
    while (count < protocol::kMaxFrames && TIFFReadDirectory(tiff))
        ++count;
    return count;
}

} // namespace

Result<Picture> decodeTiff(Source& source, std::uint32_t frame)
{
    static_assert(std::endian::native == std::endian::little, "rows of the converted raster are R, G, B, A in memory");
    Stream stream(source);
    const Handle tiff = openTiff(stream);
    if (!tiff)
        return codecError(Code::damaged, stream.error);
    Picture picture;
    picture.about.format = Format::tiff;
    const std::uint32_t frames = countFrames(tiff.get());
    if (frame >= frames)
        return noSuchFrame();
    stream.error.clear(); // a broken directory after the wanted one is not this frame's
    if (!TIFFSetDirectory(tiff.get(), tdir_t(frame)))
        return codecError(Code::damaged, stream.error);
    FOVEATE_TRY(Layout layout, readLayout(tiff.get()));
    if (layout.photometric == PHOTOMETRIC_YCBCR && layout.compression == COMPRESSION_JPEG &&
        layout.planar == PLANARCONFIG_CONTIG && TIFFSetField(tiff.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB))
        layout.photometric = PHOTOMETRIC_RGB;
    stream.error.clear();
    FOVEATE_CHECK(isPlain(layout) ? readPlain(tiff.get(), stream, layout, picture)
                                  : readConverted(tiff.get(), stream, layout, picture));
    if (stream.decodedBadly)
        picture.damage(stream.error);
    picture.about.frames = frames;
    FOVEATE_CHECK(applyOrientation(picture, layout.orientation));
    return picture;
}

} // namespace foveate::imaging
