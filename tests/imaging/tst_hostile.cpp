// SPDX-License-Identifier: GPL-3.0-or-later
// Broken and hostile files: an answer for each, no crash here, and never pixels of an earlier image.
#include "imaging/Mutants.h"
#include "imaging/Pool.h" // of tests/
#include "support/TestData.h"

#include <QElapsedTimer>
#include <QTest>
#include <map>

using namespace foveate;
using namespace foveate::imaging;

namespace {

bool isTyped(const Result<Image>& result)
{
    if (result)
        return result->pixels && result->width > 0;
    switch (result.error().code) {
    case Code::notAnImage:
    case Code::unsupported:
    case Code::damaged:
    case Code::tooLarge:
    case Code::decoderDied: return true;
    default: return false;
    }
}

/// Every format with its data cut at `share` of the file.
std::map<std::string, std::string> cutFiles(double share)
{
    const made::Pixels bright = made::constant(96, 96, 1, 250), colour = made::pattern(96, 96, 3);
    const std::map<std::string, std::string> whole{
        {"png", made::png(made::pattern(96, 96, 1))},
        {"png interlaced", made::png(colour, {true, false})},
        {"jpeg", made::jpeg(colour)},
        {"jpeg progressive", made::jpeg(colour, {95, true, 0})},
        {"tiff", made::tiff({colour})},
        {"bmp", made::bmp(colour)},
        {"dicom", made::dicom(made::pattern(96, 96, 1, 16))},
    };
    std::map<std::string, std::string> cut;
    for (const auto& [name, bytes] : whole)
        cut[name] = bytes.substr(0, std::size_t(double(bytes.size()) * share));
    return cut;
}

} // namespace

class TestHostile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyMalformedFileHasAnAnswer()
    {
        if (!testData())
            QSKIP("skipped: FOVEATE_TEST_DATA");
        DecoderPool pool = startPool(builtDecoder(2));
        std::map<std::string, int> counts;
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(*testData() + "/malformed")) {
            QElapsedTimer timer;
            timer.start();
            const Result<Image> image = pool.decode(entry.path().string());
            QVERIFY2(isTyped(image), entry.path().c_str());
            QVERIFY2(timer.elapsed() < 10000, entry.path().c_str());
            QVERIFY2(image || image.error().code == Code::notAnImage || !image.error().arg(1).empty(),
                     entry.path().c_str());
            ++counts[image ? image->damaged ? "image, damaged" : "image" : std::string(name(image.error().code))];
            ++files;
        }
        for (const auto& [what, count] : counts)
            qInfo("%-16s %d", what.c_str(), count);
        QVERIFY(files > 100);
        QCOMPARE(counts["decoder-died"], 0);
    }

    void cutFilesAreFlagged()
    {
        DecoderPool pool = startPool();
        for (const double share : {0.3, 0.6, 0.9, 0.97})
            for (const auto& [name, bytes] : cutFiles(share)) {
                const Result<Image> image = decodeBytes(pool, bytes);
                const std::string what = name + " at " + std::to_string(share) + ": " + imaging::describe(image);
                QVERIFY2(image ? image->damaged && !image->damage.empty() : image.error().code == Code::damaged,
                         what.c_str());
            }
    }

    void nothingIsInventedBeyondTheCut()
    {
        DecoderPool pool = startPool();
        const std::map<std::string, std::string> cut = cutFiles(0.5);
        for (const char* name : {"png", "jpeg", "dicom"}) { // a TIFF's directory stands at its end
            const Result<Image> image = decodeBytes(pool, cut.at(name));
            QVERIFY2(image.has_value() && image->damaged, name);
            const auto bytes = image->bytes();
            const auto tail = bytes.subspan(bytes.size() * 4 / 5);
            QVERIFY2(std::all_of(tail.begin(), tail.end(), [](std::byte b) { return b == std::byte(0); }), name);
        }
        // BMP rows stand bottom-up: the top is what is missing.
        const Result<Image> image = decodeBytes(pool, cut.at("bmp"));
        const auto head = image->bytes().subspan(0, image->byteCount() / 5);
        QVERIFY(std::all_of(head.begin(), head.end(), [](std::byte b) { return b == std::byte(0); }));
    }

    void noPixelsOfAnEarlierImage()
    {
        // The same broken file, read by a fresh worker and by one that has just read a bright image of the same size.
        const std::string bright = made::png(made::constant(96, 96, 3, 0xEE));
        const std::string brightDicom = made::dicom(made::constant(96, 96, 1, 0xEEEE, 16));
        for (const double share : {0.4, 0.8})
            for (const auto& [name, bytes] : cutFiles(share)) {
                DecoderPool fresh = startPool();
                const Result<Image> alone = decodeBytes(fresh, bytes);
                DecoderPool used = startPool();
                for (int i = 0; i < 5; ++i)
                    QVERIFY(decodeBytes(used, bright).has_value() && decodeBytes(used, brightDicom).has_value());
                const pid_t worker = used.workerIds().front();
                const Result<Image> after = decodeBytes(used, bytes);
                QVERIFY(used.workerIds().empty() || used.workerIds().front() == worker);
                QCOMPARE(alone.has_value(), after.has_value());
                QVERIFY2(!alone || bytesOf(*alone) == bytesOf(*after), name.c_str());
            }
    }

    void bombsAreRefused()
    {
        DecoderPool pool = startPool();
        // 30,000 × 30,000 is beyond 2^28 pixels whatever the file's size; only the header is needed.
        std::string png = made::png(made::constant(8, 8, 1, 0));
        const auto set = [&](std::size_t at, std::uint32_t value) {
            for (int i = 0; i < 4; ++i)
                png[at + i] = char(value >> (24 - 8 * i));
        };
        set(16, 30000);
        set(20, 30000);
        set(29, 0xFFFFFFFF); // libpng checks the header's CRC first; either way nothing is allocated
        QElapsedTimer timer;
        timer.start();
        const Result<Image> image = decodeBytes(pool, png);
        QVERIFY(!image.has_value());
        QVERIFY(timer.elapsed() < 2000);
        std::string bmp = made::bmp(made::constant(8, 8, 3, 0));
        bmp[20] = bmp[24] = 1; // 65,544 × 65,544
        const Code code = decodeBytes(pool, bmp).error().code;
        QVERIFY(code == Code::tooLarge || code == Code::unsupported);
        const std::string dicom = made::withDicomUint16(
            made::withDicomUint16(made::dicom(made::pattern(16, 16, 1)), 0x0028, 0x0010, 65535), 0x0028, 0x0011, 65535);
        QCOMPARE(decodeBytes(pool, dicom).error().code, Code::tooLarge);
    }

    void nestedSequencesDoNoHarm()
    {
        // 15,000 sequences in each other, lengths undefined.
        std::string file = std::string(128, '\0') + "DICM";
        file += std::string("\x02\0\x10\0UI\x14\0"
                            "1.2.840.10008.1.2.1\0",
                            28);
        for (int i = 0; i < 15000; ++i)
            file += std::string("\x40\0\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff", 20);
        DecoderPool pool = startPool();
        QVERIFY(isTyped(decodeBytes(pool, file)));
        QVERIFY(decodeBytes(pool, made::png(made::pattern(5, 5, 1))).has_value());
    }

    void mutants()
    {
        const std::vector<std::string> seeds = made::seeds();
        DecoderPool pool = startPool(builtDecoder(2));
        Random random = Random::derive(1, "mutants");
        std::map<std::string, int> counts;
        for (int i = 0; i < 300; ++i) {
            const Result<Image> image = decodeBytes(pool, made::mutant(seeds[i % seeds.size()], random), i % 7 == 0);
            QVERIFY2(isTyped(image) || image.error().code == Code::usage, imaging::describe(image).c_str());
            ++counts[image ? image->damaged ? "image, damaged" : "image" : std::string(name(image.error().code))];
        }
        for (const auto& [what, count] : counts)
            qInfo("%-16s %d", what.c_str(), count);
        QVERIFY(decodeBytes(pool, seeds[0]).has_value());
    }
};

QTEST_GUILESS_MAIN(TestHostile)
#include "tst_hostile.moc"
