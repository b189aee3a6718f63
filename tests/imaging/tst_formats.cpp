// SPDX-License-Identifier: GPL-3.0-or-later
// PNG, JPEG, TIFF and BMP of every kind that is read, made here pixel by pixel and read through the cage.
#include "imaging/Pool.h" // of tests/

#include <QTest>
#include <algorithm>
#include <cmath>
#include <functional>

using namespace foveate;
using namespace foveate::imaging;
using made::Pixels;

namespace {

/// Mean absolute difference, for lossy formats.
double distance(const std::string& a, const std::string& b)
{
    double sum = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        sum += std::abs(int(std::uint8_t(a[i])) - int(std::uint8_t(b[i])));
    return a.size() == b.size() ? sum / double(a.size()) : 1e9;
}

Pixels smooth(std::uint32_t width, std::uint32_t height, std::uint32_t channels)
{
    Pixels pixels = made::constant(width, height, channels, 0);
    for (std::uint32_t y = 0; y < height; ++y)
        for (std::uint32_t x = 0; x < width; ++x)
            for (std::uint32_t c = 0; c < channels; ++c)
                pixels.at(x, y, c) = std::uint16_t((x * 200 / width + y * 40 / height + c * 5) % 256);
    return pixels;
}

Pixels mapped(Pixels pixels, unsigned bits, const std::function<unsigned(unsigned)>& f)
{
    for (std::uint16_t& v : pixels.values)
        v = std::uint16_t(f(v));
    pixels.bits = bits;
    return pixels;
}

/// Colours with straight alpha as they look on black.
Pixels onBlack(const Pixels& in)
{
    Pixels out{in.width, in.height, in.channels - 1, in.bits, {}};
    const double top = (1u << in.bits) - 1;
    for (std::size_t i = 0; i < in.values.size(); i += in.channels)
        for (std::uint32_t c = 0; c + 1 < in.channels; ++c)
            out.values.push_back(
                std::uint16_t(std::floor(in.values[i + c] * double(in.values[i + in.channels - 1]) / top + 0.5)));
    return out;
}

Pixels paletteOf(const Pixels& indices)
{
    Pixels out{indices.width, indices.height, 3, 8, {}};
    for (const std::uint16_t v : indices.values)
        out.values.insert(out.values.end(), {v, std::uint16_t(255 - v), 7});
    return out;
}

struct Case {
    std::string name;
    std::string file;
    Pixels expected;
    Format format;
};

std::vector<Case> pngCases()
{
    std::vector<Case> cases;
    for (const unsigned bits : {1u, 2u, 4u}) {
        const Pixels grey = made::pattern(13, 9, 1, bits);
        const unsigned top = (1u << bits) - 1;
        cases.push_back({"png grey " + std::to_string(bits), made::png(grey),
                         mapped(grey, 8, [top](unsigned v) { return v * 255 / top; }), Format::png});
    }
    for (const unsigned bits : {8u, 16u})
        for (const bool interlaced : {false, true}) {
            const std::string kind = std::to_string(bits) + (interlaced ? " interlaced" : "");
            for (const std::uint32_t channels : {1u, 3u}) {
                const Pixels pixels = made::pattern(21, 17, channels, bits);
                cases.push_back({"png " + std::to_string(channels) + " channels " + kind,
                                 made::png(pixels, {interlaced, false}), pixels, Format::png});
                const Pixels alpha = made::pattern(21, 17, channels + 1, bits);
                cases.push_back({"png alpha " + std::to_string(channels) + " " + kind,
                                 made::png(alpha, {interlaced, false}), onBlack(alpha), Format::png});
            }
        }
    const Pixels indices = made::pattern(20, 20, 1);
    cases.push_back({"png palette", made::png(indices, {false, true}), paletteOf(indices), Format::png});
    return cases;
}

std::vector<Case> tiffCases()
{
    std::vector<Case> cases;
    const auto add = [&](const std::string& name, const Pixels& in, made::TiffOptions options, const Pixels& expected) {
        cases.push_back({"tiff " + name, made::tiff({in}, options), expected, Format::tiff});
    };
    const Pixels grey = made::pattern(35, 27, 1), deep = made::pattern(35, 27, 1, 16), rgb = made::pattern(35, 27, 3);
    for (const int compression : {1, 5, 8, 32773}) // none, LZW, deflate, PackBits
        add("compression " + std::to_string(compression), rgb, {.compression = compression}, rgb);
    add("grey", grey, {}, grey);
    add("grey 16", deep, {}, deep);
    add("rgb 16", made::pattern(9, 9, 3, 16), {}, made::pattern(9, 9, 3, 16));
    add("tiled", rgb, {.tiled = true}, rgb);
    add("planes", rgb, {.separate = true}, rgb);
    add("white is zero", grey, {.photometric = 0}, mapped(grey, 8, [](unsigned v) { return 255 - v; }));
    add("signed", grey, {.isSigned = true}, mapped(grey, 8, [](unsigned v) { return v ^ 0x80; }));
    add("signed 16", deep, {.isSigned = true}, mapped(deep, 16, [](unsigned v) { return v ^ 0x8000; }));
    const Pixels bit = made::pattern(35, 27, 1, 1), twelve = made::pattern(35, 27, 1, 4);
    add("1 bit", bit, {}, mapped(bit, 8, [](unsigned v) { return v * 255; }));
    add("4 bits", twelve, {}, mapped(twelve, 8, [](unsigned v) { return v * 17; }));
    add("palette", grey, {.palette = true}, paletteOf(grey));
    const Pixels rgba = made::pattern(11, 11, 4);
    add("straight alpha", rgba, {.extra = 2}, onBlack(rgba));
    Pixels dropped{11, 11, 3, 8, {}};
    for (std::size_t i = 0; i < rgba.values.size(); ++i)
        if (i % 4 != 3)
            dropped.values.push_back(rgba.values[i]);
    add("fourth sample of no meaning", rgba, {.extra = 0}, dropped);
    Pixels inks{11, 11, 3, 8, {}};
    for (std::size_t i = 0; i < rgba.values.size(); i += 4)
        for (int c = 0; c < 3; ++c)
            inks.values.push_back(
                std::uint16_t(std::floor((255.0 - rgba.values[i + c]) * (255 - rgba.values[i + 3]) / 255 + 0.5)));
    add("cmyk", rgba, {.photometric = 5}, inks);
    Pixels ramp = made::constant(256, 1, 1, 0);
    for (std::uint32_t x = 0; x < 256; ++x)
        ramp.at(x, 0, 0) = std::uint16_t(x);
    add("float", ramp, {.real = true}, mapped(ramp, 16, [](unsigned v) { return v * 257; }));
    return cases;
}

std::vector<Case> bmpCases()
{
    const Pixels grey = made::pattern(13, 11, 1), rgb = made::pattern(13, 11, 3), rgba = made::pattern(13, 11, 4);
    Pixels replicated{13, 11, 3, 8, {}};
    for (const std::uint16_t v : grey.values)
        replicated.values.insert(replicated.values.end(), 3, v);
    return {{"bmp 24", made::bmp(rgb), rgb, Format::bmp},
            {"bmp 8", made::bmp(grey), replicated, Format::bmp},
            {"bmp 32", made::bmp(rgba), onBlack(rgba), Format::bmp}};
}

} // namespace

class TestFormats : public QObject {
    Q_OBJECT
    DecoderPool m_pool = startPool();
    std::vector<Case> m_cases;

private Q_SLOTS:
    void initTestCase()
    {
        for (auto& part : {pngCases(), tiffCases(), bmpCases()})
            m_cases.insert(m_cases.end(), part.begin(), part.end());
    }

    void exact()
    {
        QVERIFY(m_cases.size() > 30);
        for (const Case& one : m_cases) {
            const Result<Image> image = decodeBytes(m_pool, one.file);
            const std::string what = one.name + ": " + imaging::describe(image);
            QVERIFY2(image.has_value() && !image->damaged, what.c_str());
            QVERIFY2(image->format == one.format, what.c_str());
            QVERIFY2(image->width == one.expected.width && image->height == one.expected.height, what.c_str());
            QVERIFY2(image->channels == one.expected.channels && image->bits == one.expected.bits, what.c_str());
            QVERIFY2(bytesOf(*image) == one.expected.bytes(), (one.name + ": pixels differ").c_str());
        }
    }

    void jpeg()
    {
        for (const std::uint32_t channels : {1u, 3u})
            for (const bool progressive : {false, true}) {
                const Pixels pixels = smooth(67, 45, channels);
                const Result<Image> image = decodeBytes(m_pool, made::jpeg(pixels, {95, progressive, 0}));
                QVERIFY2(image.has_value() && !image->damaged, imaging::describe(image).c_str());
                QCOMPARE(image->channels, std::uint8_t(channels));
                QVERIFY(distance(bytesOf(*image), pixels.bytes()) < 3);
            }
    }

    void jpegOfInks()
    {
        // Adobe's CMYK is inverted: 255 is no ink, so R = C · K / 255.
        const Pixels inks = smooth(40, 40, 4);
        Pixels expected{40, 40, 3, 8, {}};
        for (std::size_t i = 0; i < inks.values.size(); i += 4)
            for (int c = 0; c < 3; ++c)
                expected.values.push_back(std::uint16_t(inks.values[i + c] * inks.values[i + 3] / 255));
        const Result<Image> image = decodeBytes(m_pool, made::jpeg(inks));
        QVERIFY2(image.has_value(), imaging::describe(image).c_str());
        QVERIFY(distance(bytesOf(*image), expected.bytes()) < 3);
    }

    void orientation()
    {
        // Left half white; stored upright, told to be turned by 90 degrees clockwise: the upper half is white.
        Pixels half = made::constant(64, 32, 1, 0);
        for (std::uint32_t y = 0; y < 32; ++y)
            for (std::uint32_t x = 0; x < 32; ++x)
                half.at(x, y, 0) = 255;
        for (const std::string& file : {made::jpeg(half, {95, false, 6}), made::tiff({half}, {.orientation = 6})}) {
            const Result<Image> image = decodeBytes(m_pool, file);
            QVERIFY2(image.has_value(), imaging::describe(image).c_str());
            QCOMPARE(image->width, 32u);
            QCOMPARE(image->height, 64u);
            QVERIFY(image->values8()[5 * 32 + 20] > 200);
            QVERIFY(image->values8()[60 * 32 + 20] < 50);
        }
    }

    void pagesAreFrames()
    {
        const std::vector<Pixels> pages{made::pattern(8, 8, 1), made::pattern(9, 7, 3), made::pattern(5, 5, 1, 16)};
        const std::string file = made::tiff(pages);
        for (std::uint32_t frame = 0; frame < 3; ++frame) {
            const Result<Image> image = decodeBytes(m_pool, file, frame);
            QVERIFY2(image.has_value(), imaging::describe(image).c_str());
            QCOMPARE(image->frames, 3u);
            QCOMPARE(image->frame, frame);
            QVERIFY(bytesOf(*image) == pages[frame].bytes());
        }
        QCOMPARE(decodeBytes(m_pool, file, 3).error().code, Code::usage);
        QCOMPARE(decodeBytes(m_pool, made::png(pages[0]), 1).error().code, Code::usage);
    }

    void sixteenBitsGetAWindow()
    {
        // 0.1 % and 99.9 % of 2,000 values are 2 values from each end.
        Pixels ramp = made::constant(2000, 1, 1, 0, 16);
        for (std::uint32_t x = 0; x < 2000; ++x)
            ramp.at(x, 0, 0) = std::uint16_t(1000 + x * 10);
        const Result<Image> image = decodeBytes(m_pool, made::png(ramp));
        QVERIFY(image.has_value());
        QCOMPARE(image->windowLow, 1010.f);
        QCOMPARE(image->windowHigh, 1000.f + 1997 * 10);
        const Result<Image> flat = decodeBytes(m_pool, made::png(made::constant(7, 7, 1, 500, 16)));
        QVERIFY(flat->windowLow == 500.f && flat->windowHigh == 501.f);
        QCOMPARE(decodeBytes(m_pool, made::png(made::pattern(7, 7, 1)))->windowHigh, 255.f);
    }

    void contentDecidesNotTheName()
    {
        const made::TemporaryFile lying(made::png(made::pattern(6, 6, 3)), ".dcm");
        const Result<Image> image = m_pool.decode(lying.path());
        QVERIFY(image.has_value());
        QVERIFY(image->format == Format::png);
        QCOMPARE(decodeBytes(m_pool, "This is a text, and it is longer than any header that could matter here.")
                     .error()
                     .code,
                 Code::notAnImage);
    }
};

QTEST_GUILESS_MAIN(TestFormats)
#include "tst_formats.moc"
