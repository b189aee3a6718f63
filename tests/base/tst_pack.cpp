// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Pack.h"

#include "base/AtomicFile.h"

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <fstream>

using namespace foveate;
namespace fs = std::filesystem;

namespace {

constexpr PackShape kShape{8, 3};
constexpr std::size_t kRecord = 128 + 8 * 8 * 3;

std::vector<std::uint8_t> image(int n, PackShape shape = kShape)
{
    std::vector<std::uint8_t> pixels(shape.pixels());
    for (std::size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = std::uint8_t(i * 3 + std::size_t(n) * 17);
    return pixels;
}

PackRecord description(int n)
{
    PackRecord record;
    record.fileSha = sha256("file" + std::to_string(n));
    record.pixelSha = sha256("pixels" + std::to_string(n));
    record.width = 1000 + std::uint32_t(n);
    record.height = 2000;
    record.bits = 16;
    record.fit = Fit::pad;
    record.damaged = n % 2 == 1;
    record.x = 1;
    record.y = 2;
    record.w = 6;
    record.h = 4;
    record.low = -10.5f;
    record.high = 3000.25f;
    return record;
}

bool same(const PackRecord& a, const PackRecord& b)
{
    return a.fileSha == b.fileSha && a.pixelSha == b.pixelSha && a.width == b.width && a.height == b.height &&
           a.bits == b.bits && a.fit == b.fit && a.damaged == b.damaged && a.x == b.x && a.y == b.y && a.w == b.w &&
           a.h == b.h && a.low == b.low && a.high == b.high;
}

} // namespace

class PackTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_path = m_folder->filePath("pack").toStdString();
    }

    void recordsComeBack()
    {
        fill(3);
        const auto pack = Pack::open(m_path);
        QVERIFY(pack);
        QCOMPARE(pack->count(), std::size_t(3));
        QVERIFY(pack->shape() == kShape);
        for (int n = 0; n < 3; ++n) {
            QVERIFY(same(pack->record(std::size_t(n)), description(n)));
            const auto pixels = pack->pixels(std::size_t(n));
            QCOMPARE(std::vector<std::uint8_t>(pixels.begin(), pixels.end()), image(n));
        }
        QCOMPARE(fs::file_size(m_path), 64 + 3 * kRecord);
    }

    void uncommittedRecordsAreNotSeen()
    {
        fill(2);
        auto writer = PackWriter::open(m_path, kShape);
        QCOMPARE(*writer->append(description(2), image(2)), std::size_t(2));
        QCOMPARE(writer->count(), std::size_t(3));
        QCOMPARE(Pack::open(m_path)->count(), std::size_t(2));
        QVERIFY(writer->commit());
        QCOMPARE(Pack::open(m_path)->count(), std::size_t(3));
    }

    void aTailWithoutCommitIsCutAndWrittenAgain()
    {
        fill(2);
        {
            auto writer = PackWriter::open(m_path, kShape);
            QVERIFY(writer->append(description(7), image(7)));
        } // died before its commit
        std::ofstream(m_path, std::ios::app | std::ios::binary) << "half a record";
        QCOMPARE(Pack::open(m_path)->count(), std::size_t(2));
        auto writer = PackWriter::open(m_path, kShape);
        QCOMPARE(fs::file_size(m_path), 64 + 2 * kRecord);
        QCOMPARE(*writer->append(description(2), image(2)), std::size_t(2));
        QVERIFY(writer->commit());
        QVERIFY(same(Pack::open(m_path)->record(2), description(2)));
    }

    void aReaderOutlivesTheWritersNextRecords()
    {
        fill(1);
        const auto before = Pack::open(m_path);
        fill(5);
        QCOMPARE(before->count(), std::size_t(1));
        QVERIFY(same(before->record(0), description(0)));
        const Pack copy = *before;
        QVERIFY(copy.pixels(0).data() == before->pixels(0).data());
    }

    void oneRecordCanBeRebuilt()
    {
        fill(3);
        auto writer = PackWriter::open(m_path, kShape);
        QVERIFY(writer->rebuild(1, description(9), image(9)));
        const auto pack = Pack::open(m_path);
        QVERIFY(same(pack->record(0), description(0)));
        QVERIFY(same(pack->record(1), description(9)));
        QCOMPARE(pack->pixels(1)[5], image(9)[5]);
        QVERIFY(same(pack->record(2), description(2)));
    }

    void anEmptyPackIsAPack()
    {
        QVERIFY(PackWriter::open(m_path, PackShape{}));
        const auto pack = Pack::open(m_path);
        QVERIFY(pack);
        QCOMPARE(pack->count(), std::size_t(0));
    }

    void anotherShapeIsRefused()
    {
        fill(1);
        QCOMPARE(PackWriter::open(m_path, PackShape{8, 1}).error().code, Code::wrongShape);
        QCOMPARE(PackWriter::open(m_path, PackShape{16, 3}).error().code, Code::wrongShape);
        QCOMPARE(PackWriter::open(m_path + "2", PackShape{8, 2}).error().code, Code::wrongShape);
        QCOMPARE(PackWriter::open(m_path + "2", PackShape{0, 1}).error().code, Code::wrongShape);
        QVERIFY(Pack::open(m_path));
    }

    void missingAndForeignFilesAreTold()
    {
        QCOMPARE(Pack::open(m_path).error().code, Code::notFound);
        QVERIFY(writeFileAtomically(m_path, "short"));
        QCOMPARE(Pack::open(m_path).error().code, Code::corrupt);
        QVERIFY(writeFileAtomically(m_path, std::string(5000, 'x')));
        QCOMPARE(Pack::open(m_path).error().code, Code::corrupt);
        QCOMPARE(PackWriter::open(m_path, kShape).error().code, Code::corrupt);
        QCOMPARE(readFile(m_path)->size(), std::size_t(5000)); // a foreign file is left as it is
        QCOMPARE(Pack::open(m_folder->path().toStdString()).error().code, Code::corrupt);
    }

    void corruptHeadersAreRefused_data()
    {
        QTest::addColumn<int>("offset");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("code");
        const auto row = [](const char* name, int offset, QByteArray bytes, Code code) {
            QTest::newRow(name) << offset << bytes << int(code);
        };
        row("magic", 0, "X", Code::corrupt);
        row("newer version", 8, QByteArray("\2\0\0\0", 4), Code::newerVersion);
        row("version 0", 8, QByteArray("\0\0\0\0", 4), Code::corrupt);
        row("size 0", 12, QByteArray("\0\0\0\0", 4), Code::corrupt);
        row("size huge", 12, QByteArray("\xff\xff\xff\xff", 4), Code::corrupt);
        row("two channels", 16, QByteArray("\2\0\0\0", 4), Code::corrupt);
        row("record size", 20, QByteArray("\1\0\0\0", 4), Code::corrupt);
        row("count beyond the file", 24, QByteArray("\4\0\0\0", 4), Code::corrupt);
        row("count huge", 24, QByteArray("\xff\xff\xff\xff\xff\xff\xff\xff", 8), Code::corrupt);
    }

    void corruptHeadersAreRefused()
    {
        QFETCH(int, offset);
        QFETCH(QByteArray, bytes);
        QFETCH(int, code);
        fill(3);
        std::fstream file(m_path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(offset);
        file.write(bytes.data(), bytes.size());
        file.close();
        QCOMPARE(int(Pack::open(m_path).error().code), code);
        QVERIFY(!PackWriter::open(m_path, kShape));
    }

    void aCutFileIsRefused()
    {
        fill(3);
        fs::resize_file(m_path, 64 + 3 * kRecord - 1);
        QCOMPARE(Pack::open(m_path).error().code, Code::corrupt);
        fs::resize_file(m_path, 40);
        QCOMPARE(Pack::open(m_path).error().code, Code::corrupt);
    }

    void writersMove()
    {
        auto first = PackWriter::open(m_path, kShape);
        PackWriter second = std::move(*first);
        QVERIFY(second.append(description(0), image(0)));
        auto third = PackWriter::open(m_path + "2", kShape);
        *third = std::move(second);
        QVERIFY(third->commit());
        QCOMPARE(Pack::open(m_path)->count(), std::size_t(1));
    }

private:
    /// Appends until the pack holds `count` records, and commits.
    void fill(int count)
    {
        auto writer = PackWriter::open(m_path, kShape);
        QVERIFY(writer);
        for (int n = int(writer->count()); n < count; ++n)
            QCOMPARE(*writer->append(description(n), image(n)), std::size_t(n));
        QVERIFY(writer->commit());
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_path;
};

QTEST_APPLESS_MAIN(PackTest)
#include "tst_pack.moc"
