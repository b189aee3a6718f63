// SPDX-License-Identifier: GPL-3.0-or-later
// A worker taken over by a hostile file: the client measures everything itself.
#include "imaging/client/DecoderPool.h"
#include "support/MadeImages.h"

#include <QTemporaryDir>
#include <QTest>
#include <unistd.h>

using namespace foveate;
using namespace foveate::imaging;

class TestLiars : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    made::TemporaryFile m_file{"any content"};

    Result<DecoderPool> start(const QString& lie)
    {
        PoolOptions options;
        options.workers = 1;
        options.program = m_folder.filePath(lie).toStdString();
        if (symlink(LYING_WORKER, options.program.c_str()) != 0)
            return fail(Code::io);
        return DecoderPool::create(options);
    }

private Q_SLOTS:
    void honestOneIsBelieved()
    {
        Result<DecoderPool> pool = start(QStringLiteral("lie-not-at-all"));
        QVERIFY(pool.has_value());
        const Result<Image> image = pool->decode(m_file.path());
        QVERIFY(image.has_value());
        QCOMPARE(image->values8()[4095], std::uint8_t(9));
    }

    void liesAreCaught_data()
    {
        QTest::addColumn<QString>("detail");
        QTest::newRow("lie-short") << "buffer length"; // reading it would end this process
        QTest::newRow("lie-long") << "buffer length";
        QTest::newRow("lie-writable") << "buffer is still writable";
        QTest::newRow("lie-oversized") << "reply";
        QTest::newRow("lie-exit") << "exit 3";
        QTest::newRow("lie-half-reply") << "";
    }

    void liesAreCaught()
    {
        QFETCH(QString, detail);
        Result<DecoderPool> pool = start(QString::fromLatin1(QTest::currentDataTag()));
        QVERIFY(pool.has_value());
        for (int i = 0; i < 2; ++i) {
            const Result<Image> image = pool->decode(m_file.path());
            QVERIFY(!image.has_value());
            QCOMPARE(image.error().code, Code::decoderDied);
            if (!detail.isEmpty())
                QCOMPARE(QString::fromStdString(image.error().arg(1)), detail);
        }
    }

    void anOpenCageIsTold()
    {
        const Result<DecoderPool> pool = start(QStringLiteral("lie-uncaged"));
        QVERIFY(pool.has_value());
        QVERIFY(!pool->sandbox().closed);
        QCOMPARE(pool->sandbox().reason, std::string("seccomp: Function not implemented"));
    }

    void anotherVersionIsRefused() { QCOMPARE(start(QStringLiteral("lie-version")).error().code, Code::sandbox); }
};

QTEST_GUILESS_MAIN(TestLiars)
#include "tst_liars.moc"
