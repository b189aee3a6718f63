// SPDX-License-Identifier: GPL-3.0-or-later
#include "imaging/Picture.h"

#include <QTest>
#include <cstring>

using namespace foveate;
using namespace foveate::imaging;

class TestOrientation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The stored picture is 3 × 2: "abc" over "def". Expected: how a viewer shows it, by EXIF 2.3's table.
    void turns_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("1") << 3 << QByteArray("abcdef");
        QTest::newRow("2") << 3 << QByteArray("cbafed");
        QTest::newRow("3") << 3 << QByteArray("fedcba");
        QTest::newRow("4") << 3 << QByteArray("defabc");
        QTest::newRow("5") << 2 << QByteArray("adbecf");
        QTest::newRow("6") << 2 << QByteArray("daebfc");
        QTest::newRow("7") << 2 << QByteArray("fcebda");
        QTest::newRow("8") << 2 << QByteArray("cfbead");
        QTest::newRow("99") << 3 << QByteArray("abcdef");
    }

    void turns()
    {
        QFETCH(int, width);
        QFETCH(QByteArray, expected);
        Picture picture;
        QVERIFY(picture.shape(3, 2, 1, 8).has_value());
        std::memcpy(picture.pixels.data(), "abcdef", 6);
        QVERIFY(applyOrientation(picture, QByteArray(QTest::currentDataTag()).toUInt()).has_value());
        QCOMPARE(int(picture.about.width), width);
        QCOMPARE(QByteArray(picture.pixels.as<char>(), 6), expected);
    }

    void surviveAnyExif()
    {
        std::vector<std::uint8_t> exif{'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0};
        QCOMPARE(exifOrientation(exif.data(), exif.size()), 6u);
        for (std::size_t size = 0; size < 18; ++size) // the directory is cut: no orientation, no reading past the end
            QVERIFY(exifOrientation(exif.data(), size) != 6u);
        exif[4] = 0xff; // the directory far outside
        QCOMPARE(exifOrientation(exif.data(), exif.size()), 1u);
    }
};

QTEST_APPLESS_MAIN(TestOrientation)
#include "tst_orientation.moc"
