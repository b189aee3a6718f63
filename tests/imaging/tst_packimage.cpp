// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/client/PackImage.h"
#include "imaging/client/PngWriter.h"

#include <QTest>
#include <cstring>
#include <png.h>

using namespace foveate;
using namespace foveate::imaging;

namespace {

Image image8(std::uint32_t width, std::uint32_t height, std::uint8_t channels, const std::vector<std::uint8_t>& values)
{
    return makeImage(width, height, channels, 8, std::as_bytes(std::span(values)));
}

Image image16(std::uint32_t width, std::uint32_t height, std::uint8_t channels,
              const std::vector<std::uint16_t>& values)
{
    return makeImage(width, height, channels, 16, std::as_bytes(std::span(values)));
}

using Bytes = std::vector<std::uint8_t>;

} // namespace

class TestPackImage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void averagesAreas()
    {
        QCOMPARE(resizeArea(Bytes{0, 100, 200, 50, 10, 30, 60, 90}, 4, 2, 1, 2, 1), (Bytes{35, 100}));
        // 3 → 2: each output covers one and a half pixels.
        QCOMPARE(resizeArea(Bytes{0, 90, 240}, 3, 1, 1, 2, 1), (Bytes{30, 190}));
        QCOMPARE(resizeArea(Bytes{10, 20}, 2, 1, 1, 4, 2), (Bytes{10, 10, 20, 20, 10, 10, 20, 20}));
        QCOMPARE(resizeArea(Bytes{1, 2, 3, 5, 6, 7}, 2, 1, 3, 1, 1), (Bytes{3, 4, 5}));
    }

    void keepsTheMeanOfAnySize()
    {
        Bytes pixels(97 * 61);
        double mean = 0;
        for (std::size_t i = 0; i < pixels.size(); ++i)
            mean += pixels[i] = std::uint8_t(i * 7919 % 251);
        mean /= double(pixels.size());
        for (const std::uint32_t size : {1u, 7u, 32u, 64u}) {
            const Bytes small = resizeArea(pixels, 97, 61, 1, size, size);
            double sum = 0;
            for (const std::uint8_t v : small)
                sum += v;
            QVERIFY2(std::abs(sum / double(small.size()) - mean) < 0.6, qPrintable(QString::number(size)));
        }
    }

    void windowsSixteenBits()
    {
        Image image = image16(5, 1, 1, {0, 1000, 2000, 3000, 65535});
        image.windowLow = 1000;
        image.windowHigh = 3000;
        QCOMPARE(windowed(image), (Bytes{0, 0, 128, 255, 255}));
        const PackImage record = makePackRecord(image, {5, 1}, Fit::pad);
        QCOMPARE(record.record.low, 1000.f);
        QCOMPARE(record.record.bits, std::uint8_t(16));
    }

    void padsAndCentres()
    {
        const PackImage wide = makePackRecord(image8(4, 2, 1, Bytes(8, 200)), {4, 1}, Fit::pad);
        QCOMPARE(wide.pixels, (Bytes{0, 0, 0, 0, 200, 200, 200, 200, 200, 200, 200, 200, 0, 0, 0, 0}));
        QCOMPARE(wide.record.y, 1u);
        QCOMPARE(wide.record.h, 2u);
        QCOMPARE(wide.record.w, 4u);
        const PackImage thin = makePackRecord(image8(1, 1000, 1, Bytes(1000, 9)), {8, 1}, Fit::pad);
        QCOMPARE(thin.record.w, 1u);
        const PackImage squashed = makePackRecord(image8(4, 2, 1, Bytes(8, 200)), {4, 1}, Fit::squash);
        QCOMPARE(squashed.pixels, Bytes(16, 200));
    }

    void changesColour()
    {
        QCOMPARE(makePackRecord(image8(1, 1, 3, {255, 0, 0}), {1, 1}, Fit::squash).pixels, Bytes{76});
        QCOMPARE(makePackRecord(image8(1, 1, 3, {0, 255, 0}), {1, 1}, Fit::squash).pixels, Bytes{150});
        QCOMPARE(makePackRecord(image8(1, 1, 3, {0, 0, 255}), {1, 1}, Fit::squash).pixels, Bytes{29});
        for (int v = 0; v < 256; ++v) {
            const std::uint8_t grey = std::uint8_t(v);
            QCOMPARE(makePackRecord(image8(1, 1, 3, {grey, grey, grey}), {1, 1}, Fit::squash).pixels, Bytes{grey});
            QCOMPARE(makePackRecord(image8(1, 1, 1, {grey}), {1, 3}, Fit::squash).pixels, (Bytes{grey, grey, grey}));
        }
    }

    void hashesPixelsAlone()
    {
        Image a = image8(2, 2, 1, {1, 2, 3, 4});
        Image b = a;
        b.format = Format::dicom;
        b.windowHigh = 17;
        b.damaged = true;
        QCOMPARE(pixelSha(a), pixelSha(b));
        QVERIFY(pixelSha(a) != pixelSha(image8(4, 1, 1, {1, 2, 3, 4})));
        QVERIFY(pixelSha(a) != pixelSha(image8(2, 2, 1, {1, 2, 3, 5})));
        QVERIFY(pixelSha(a) != pixelSha(image16(2, 1, 1, {0x0201, 0x0403})));
        // Python: hashlib.sha256(struct.pack("<4I", 2, 2, 1, 8) + bytes([1, 2, 3, 4])).hexdigest()
        QCOMPARE(hex(pixelSha(a)).substr(0, 16), std::string("5eb9fce5e1babbb6"));
    }

    void writesPng()
    {
        const std::vector<std::uint16_t> values{0, 1, 256, 65535, 40000, 7};
        const Result<std::string> bytes = encodePng(view(image16(1, 2, 3, values)));
        QVERIFY(bytes.has_value());
        png_image read{};
        read.version = PNG_IMAGE_VERSION;
        QVERIFY(png_image_begin_read_from_memory(&read, bytes->data(), bytes->size()));
        QCOMPARE(read.width, 1u);
        QCOMPARE(read.height, 2u);
        QVERIFY(bytes->find("IDAT") != std::string::npos);
        QVERIFY(bytes->find("tEXt") == std::string::npos && bytes->find("tIME") == std::string::npos);
        png_image_free(&read);
        QCOMPARE(encodePng({nullptr, 1, 1, 1, 8}).error().code, Code::usage);
        QCOMPARE(encodePng(PixelView{values.data(), 1, 1, 2, 8}).error().code, Code::usage);
        QVERIFY(!writePng("/nowhere/at/all.png", view(image8(1, 1, 1, {0}))).has_value());
    }
};

QTEST_APPLESS_MAIN(TestPackImage)
#include "tst_packimage.moc"
