// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Sha256.h"
#include "base/Sha256Block.h"

#include <QTemporaryDir>
#include <QTest>
#include <fstream>

using namespace foveate;

class Sha256Test : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // FIPS 180-4 examples of NIST.
    void agreesWithNist_data()
    {
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("empty") << QByteArray()
                               << QByteArray("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        QTest::newRow("abc") << QByteArray("abc")
                             << QByteArray("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        QTest::newRow("two blocks") << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                                    << QByteArray("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        QTest::newRow("896 bits")
            << QByteArray(
                   "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
                   "mnopqrstnopqrstu")
            << QByteArray("cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
        QTest::newRow("million a") << QByteArray(1'000'000, 'a')
                                   << QByteArray("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }

    void agreesWithNist()
    {
        QFETCH(QByteArray, message);
        QFETCH(QByteArray, expected);
        QCOMPARE(hex(sha256(message.toStdString())), expected.toStdString());
    }

    void piecesOfAnySizeGiveTheSameDigest()
    {
        std::string message;
        for (int i = 0; i < 1000; ++i)
            message += char(i * 7);
        const Digest whole = sha256(message);
        for (const std::size_t piece : {1u, 3u, 55u, 56u, 63u, 64u, 65u, 127u, 128u}) {
            Sha256 sha;
            for (std::size_t at = 0; at < message.size(); at += piece)
                sha.add(std::string_view(message).substr(at, piece));
            QCOMPARE(hex(sha.digest()), hex(whole));
        }
    }

    void fieldsKeepTheirBorders()
    {
        const auto two = [](const char* a, const char* b) { return Sha256().addField(a).addField(b).digest(); };
        QVERIFY(two("ab", "c") != two("a", "bc"));
        QVERIFY(two("", "abc") != two("abc", ""));
        const std::string framed = std::string("\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c", 19);
        QCOMPARE(hex(two("ab", "c")), hex(sha256(framed)));
    }

    void hexRoundTripIsStrict()
    {
        const Digest digest = sha256("abc");
        QCOMPARE(*digestFromHex(hex(digest)), digest);
        std::string upper = hex(digest);
        upper[0] = 'B';
        QCOMPARE(digestFromHex(upper).error().code, Code::badInput);
        QCOMPARE(digestFromHex(hex(digest).substr(1)).error().code, Code::badInput);
        QCOMPARE(digestFromHex("").error().code, Code::badInput);
    }

    void filesAreReadWhole()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("file").toStdString();
        std::ofstream(path) << std::string(200'000, 'x');
        QCOMPARE(*sha256File(path), sha256(std::string(200'000, 'x')));
        QCOMPARE(sha256File(path + "-none").error().code, Code::notFound);
        QVERIFY(!sha256File(folder.path().toStdString()));
    }

    void bothBlockFunctionsAgree()
    {
        if (!hasShaInstructions())
            QSKIP("skipped: this processor has no SHA instructions");
        std::array<std::uint32_t, 8> plain{1, 2, 3, 4, 5, 6, 7, 8};
        std::array<std::uint32_t, 8> native = plain;
        std::array<std::uint8_t, 64> block{};
        for (int round = 0; round < 100; ++round) {
            for (std::size_t i = 0; i < block.size(); ++i)
                block[i] = std::uint8_t(plain[i % 8] >> (i % 4 * 8)) ^ std::uint8_t(i * 7);
            sha256BlockPlain(plain.data(), block.data());
            sha256BlockNative(native.data(), block.data());
            QCOMPARE(native, plain);
        }
    }
};

QTEST_APPLESS_MAIN(Sha256Test)
#include "tst_sha256.moc"
