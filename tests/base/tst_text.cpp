// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Text.h"

#include <QRegularExpression>
#include <QTest>

using namespace foveate;

class TextTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void printableEscapesWhatCannotBeShown_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("plain") << QByteArray("scan 1.png") << QByteArray("scan 1.png");
        QTest::newRow("umlaut") << QByteArray("M\xc3\xbcller") << QByteArray("M\xc3\xbcller");
        QTest::newRow("four bytes") << QByteArray("\xf0\x9f\x91\x81") << QByteArray("\xf0\x9f\x91\x81");
        QTest::newRow("backslash stays") << QByteArray("a\\b") << QByteArray("a\\b");
        QTest::newRow("newline and tab") << QByteArray("a\nb\t") << QByteArray("a\\x0ab\\x09");
        QTest::newRow("escape sequence") << QByteArray("\x1b[31m") << QByteArray("\\x1b[31m");
        QTest::newRow("delete") << QByteArray("\x7f") << QByteArray("\\x7f");
        QTest::newRow("latin-1") << QByteArray("M\xfcller") << QByteArray("M\\xfcller");
        QTest::newRow("cut sequence") << QByteArray("a\xe2\x82") << QByteArray("a\\xe2\\x82");
        QTest::newRow("overlong") << QByteArray("\xc0\xaf") << QByteArray("\\xc0\\xaf");
        QTest::newRow("overlong three") << QByteArray("\xe0\x80\xaf") << QByteArray("\\xe0\\x80\\xaf");
        QTest::newRow("surrogate") << QByteArray("\xed\xa0\x80") << QByteArray("\\xed\\xa0\\x80");
        QTest::newRow("beyond Unicode") << QByteArray("\xf4\x90\x80\x80") << QByteArray("\\xf4\\x90\\x80\\x80");
        QTest::newRow("C1 control") << QByteArray("\xc2\x85") << QByteArray("\\xc2\\x85");
        QTest::newRow("right-to-left override") << QByteArray("\xe2\x80\xaegnp") << QByteArray("\\xe2\\x80\\xaegnp");
        QTest::newRow("line separator") << QByteArray("\xe2\x80\xa8") << QByteArray("\\xe2\\x80\\xa8");
        QTest::newRow("zero byte") << QByteArray("a\0b", 3) << QByteArray("a\\x00b");
    }

    void printableEscapesWhatCannotBeShown()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, expected);
        const std::string shown = printable(bytes.toStdString());
        QCOMPARE(shown, expected.toStdString());
        QVERIFY(isUtf8(shown));
    }

    void printableOfAnyBytesIsUtf8()
    {
        for (int a = 0; a < 256; ++a)
            for (int b = 0; b < 256; ++b)
                QVERIFY(isUtf8(printable(std::string{char(a), char(b), '\xe2', char(b), char(a)})));
    }

    void utf8IsTold()
    {
        QVERIFY(isUtf8(""));
        QVERIFY(isUtf8("\xe2\x82\xac"));
        QVERIFY(!isUtf8("\xe2\x82"));
        QVERIFY(!isUtf8("\xff"));
    }

    void timeIsIso()
    {
        const QRegularExpression form(R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$)");
        QVERIFY(form.match(QString::fromStdString(isoTimeUtc())).hasMatch());
        const auto seconds = QDateTime::fromString(QString::fromStdString(isoTimeUtc()), Qt::ISODateWithMs)
                                 .secsTo(QDateTime::currentDateTimeUtc());
        QVERIFY(seconds >= 0 && seconds <= 5);
    }
};

QTEST_APPLESS_MAIN(TextTest)
#include "tst_text.moc"
