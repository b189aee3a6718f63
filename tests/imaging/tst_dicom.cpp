// SPDX-License-Identifier: GPL-3.0-or-later
// DICOM: files made by DCMTK's writers with known pixels, and real ones against what pydicom reads (reference/).
#include "imaging/Pool.h" // of tests/
#include "support/TestData.h"

#include <QTest>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

using namespace foveate;
using namespace foveate::imaging;
using made::DicomOptions;
using made::Pixels;

namespace {

struct Reference {
    std::string file;
    std::uint32_t frames = 0, width = 0, height = 0, channels = 0, bits = 0;
    double means[2] = {};
    std::string shas[2];
};

std::vector<Reference> references()
{
    std::vector<Reference> rows;
    std::ifstream table(sourceFile("imaging/reference/dicom_reference.tsv"));
    for (std::string line; std::getline(table, line);) {
        if (line.empty() || line[0] == '#')
            continue;
        std::istringstream fields(line);
        Reference row;
        fields >> row.file >> row.frames >> row.width >> row.height >> row.channels >> row.bits >> row.means[0] >>
            row.shas[0] >> row.means[1] >> row.shas[1];
        rows.push_back(row);
    }
    return rows;
}

double meanOf(const Image& image)
{
    if (image.bits == 8)
        return std::accumulate(image.values8().begin(), image.values8().end(), 0.0) / double(image.values());
    return std::accumulate(image.values16().begin(), image.values16().end(), 0.0) / double(image.values());
}

std::string shaOf(const Image& image)
{
    return hex(Sha256().add(image.bytes()).digest());
}

} // namespace

class TestDicom : public QObject {
    Q_OBJECT
    DecoderPool m_pool = startPool();

private Q_SLOTS:
    void losslessSyntaxes()
    {
        for (const std::string syntax : {"explicit", "implicit", "big", "deflated", "rle", "jpeg-lossless", "jpeg-ls"})
            for (const unsigned bits : {8u, 16u})
                for (const std::uint32_t channels : {1u, 3u}) {
                    if (channels == 3 && bits == 16)
                        continue;
                    const std::string what = syntax + " " + std::to_string(bits) + " " + std::to_string(channels);
                    const Pixels pixels = made::pattern(34, 22, channels, bits);
                    const Result<Image> image = decodeBytes(m_pool, made::dicom(pixels, {.syntax = syntax}));
                    QVERIFY2(image.has_value() && !image->damaged, (what + ": " + imaging::describe(image)).c_str());
                    QVERIFY2(bytesOf(*image) == pixels.bytes(), (what + ": pixels differ").c_str());
                }
    }

    void lossyJpeg()
    {
        const Result<Image> image = decodeBytes(m_pool, made::dicom(made::constant(32, 32, 3, 90), {.syntax = "jpeg"}));
        QVERIFY2(image.has_value(), imaging::describe(image).c_str());
        QVERIFY(std::abs(meanOf(*image) - 90) < 2);
    }

    void framesAndMetadata()
    {
        for (const std::string syntax : {"explicit", "rle", "jpeg-lossless", "jpeg-ls"}) {
            const Pixels pixels = made::constant(16, 12, 1, 40);
            const std::string file = made::dicom(pixels, {.syntax = syntax, .frames = 5});
            for (std::uint32_t frame = 0; frame < 5; ++frame) {
                const Result<Image> image = decodeBytes(m_pool, file, frame);
                QVERIFY2(image.has_value(), (syntax + ": " + imaging::describe(image)).c_str());
                QCOMPARE(image->frames, 5u);
                QCOMPARE(bytesOf(*image), std::string(16 * 12, char(40 + frame)));
                QCOMPARE(image->patientKeyHint, std::string("PATIENT-1"));
                QCOMPARE(image->spacingMm->row, 0.5);
                QCOMPARE(image->spacingMm->column, 0.25);
            }
            QCOMPARE(decodeBytes(m_pool, file, 5).error().code, Code::usage);
        }
    }

    void monochrome1IsInverted()
    {
        Pixels twelve = made::constant(4, 1, 1, 0, 16);
        twelve.values = {0, 1, 4000, 4095};
        const Result<Image> image = decodeBytes(
            m_pool,
            made::dicom(twelve,
                        {.photometric = "MONOCHROME1", .stored = 12, .windowCentre = 1000, .windowWidth = 201}));
        QVERIFY2(image.has_value(), imaging::describe(image).c_str());
        QVERIFY(image->inverted);
        const std::vector<std::uint16_t> values(image->values16().begin(), image->values16().end());
        QCOMPARE(values, (std::vector<std::uint16_t>{4095, 4094, 95, 0}));
        // PS3.3 C.11.2.1.2: 899.5 … 1099.5, seen from the other end.
        QVERIFY(image->windowFromFile);
        QCOMPARE(image->windowLow, 4095 - 1099.5f);
        QCOMPARE(image->windowHigh, 4095 - 899.5f);
        QCOMPARE(image->valueSlope * 95 + image->valueIntercept, 4000.0);
    }

    void signedValuesRescaleAndWindow()
    {
        Pixels pixels = made::constant(3, 1, 1, 0, 16);
        pixels.values = {std::uint16_t(-1000), 0, 2000};
        const Result<Image> image = decodeBytes(
            m_pool,
            made::dicom(pixels,
                        {.isSigned = true, .windowCentre = 40, .windowWidth = 400, .slope = 2, .intercept = -24}));
        QVERIFY2(image.has_value(), imaging::describe(image).c_str());
        const std::vector<std::uint16_t> values(image->values16().begin(), image->values16().end());
        QCOMPARE(values, (std::vector<std::uint16_t>{31768, 32768, 34768}));
        for (const int stored : {-1000, 0, 2000})
            QCOMPARE(image->valueSlope * (stored + 32768) + image->valueIntercept, stored * 2 - 24.0);
        QCOMPARE(image->valueSlope * image->windowLow + image->valueIntercept, 40 - 0.5 - 199.5);
        QCOMPARE(image->valueSlope * image->windowHigh + image->valueIntercept, 40 - 0.5 + 199.5);
    }

    void planesAndYbr()
    {
        const Pixels rgb = made::pattern(10, 6, 3);
        const Result<Image> planes = decodeBytes(m_pool, made::dicom(rgb, {.planar = true}));
        QVERIFY(planes.has_value() && bytesOf(*planes) == rgb.bytes());
        const Result<Image> grey =
            decodeBytes(m_pool, made::dicom(made::constant(8, 8, 3, 128), {.photometric = "YBR_FULL"}));
        QVERIFY(grey.has_value());
        QCOMPARE(bytesOf(*grey), std::string(8 * 8 * 3, char(128)));
    }

    void contradictingHeadersAreRefused()
    {
        const std::string good = made::dicom(made::pattern(16, 16, 1, 16), {.stored = 12});
        const auto code = [&](std::uint16_t element, std::uint16_t value) {
            const Result<Image> image = decodeBytes(m_pool, made::withDicomUint16(good, 0x0028, element, value));
            return image ? Code::internal : image.error().code;
        };
        QCOMPARE(code(0x0102, 16), Code::damaged);     // high bit = bits allocated
        QCOMPARE(code(0x0102, 4), Code::damaged);      // high bit below bits stored
        QCOMPARE(code(0x0101, 17), Code::damaged);     // more bits stored than allocated
        QCOMPARE(code(0x0100, 12), Code::unsupported); // 12 bits allocated
        QCOMPARE(code(0x0002, 2), Code::unsupported);  // two samples per pixel
        QCOMPARE(code(0x0010, 0), Code::damaged);      // no rows
        // Rows and columns that promise more than there is: shown, flagged, zero beyond.
        const Result<Image> tall = decodeBytes(m_pool, made::withDicomUint16(good, 0x0028, 0x0010, 4000));
        QVERIFY2(tall.has_value() && tall->damaged, imaging::describe(tall).c_str());
        QCOMPARE(tall->height, 4000u);
        QVERIFY(
            std::all_of(tall->values16().begin() + 16 * 16 + 8, tall->values16().end(), [](auto v) { return v == 0; }));
    }

    void withoutPreamble()
    {
        const Pixels pixels = made::pattern(9, 9, 1);
        const std::string file = made::dicom(pixels, {});
        const Result<Image> image = decodeBytes(m_pool, file.substr(132));
        QVERIFY2(image.has_value(), imaging::describe(image).c_str());
        QVERIFY(bytesOf(*image) == pixels.bytes());
    }

    void agreesWithPydicom()
    {
        if (!testData())
            QSKIP("skipped: FOVEATE_TEST_DATA");
        const std::vector<Reference> rows = references();
        QVERIFY(rows.size() > 45);
        for (const Reference& row : rows) {
            const std::string path = *testData() + "/dicom/" + row.file;
            for (int end = 0; end < 2; ++end) {
                const Result<Image> image = m_pool.decode(path, {end ? row.frames - 1 : 0, false});
                const std::string what = row.file + ": " + imaging::describe(image);
                if (row.file == "JLSL_08_07_0_1F.dcm") { // CharLS in DCMTK 3.6.7 refuses 7-bit streams
                    QVERIFY2(!image.has_value(), what.c_str());
                    continue;
                }
                QVERIFY2(image.has_value() && !image->damaged, what.c_str());
                QVERIFY2(image->width == row.width && image->height == row.height && image->channels == row.channels &&
                             image->bits == row.bits && image->frames == row.frames,
                         what.c_str());
                QVERIFY2(row.shas[end] == "-" || row.shas[end] == shaOf(*image), (what + ": pixels differ").c_str());
                const double tolerance = image->bits == 16 ? 0.002 * row.means[end] + 0.5 : 0.6;
                QVERIFY2(std::abs(meanOf(*image) - row.means[end]) <= tolerance,
                         (what + ": mean " + std::to_string(meanOf(*image))).c_str());
            }
        }
    }

    void everyRealFileHasAnAnswer()
    {
        if (!testData())
            QSKIP("skipped: FOVEATE_TEST_DATA");
        for (const auto& entry : std::filesystem::directory_iterator(*testData() + "/dicom")) {
            const Result<Image> image = m_pool.decode(entry.path().string());
            QVERIFY2(image || image.error().code != Code::decoderDied, entry.path().c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestDicom)
#include "tst_dicom.moc"
