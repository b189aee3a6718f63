// SPDX-License-Identifier: GPL-3.0-or-later
// What the cage refuses, and that the same program gets through when the cage is open.
#include <QProcess>
#include <QTest>
#include <cerrno>

class TestCage : public QObject {
    Q_OBJECT

private:
    static int probe(const QString& cage, const QString& action)
    {
        return QProcess::execute(QStringLiteral(CAGE_PROBE), {cage, action});
    }

private Q_SLOTS:
    void refuses_data()
    {
        QTest::addColumn<int>("expected");
        for (const char* action : {"read", "write", "socket", "fork", "exec", "kill-parent", "executable-memory"})
            QTest::newRow(action) << EPERM;
        QTest::newRow("memory") << ENOMEM;
    }

    void refuses()
    {
        QFETCH(int, expected);
        const QString action = QString::fromLatin1(QTest::currentDataTag());
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        if (action == QLatin1String("memory"))
            QSKIP("sanitizers need the address space");
#endif
        QCOMPARE(probe(QStringLiteral("open"), action), 0);
        QCOMPARE(probe(QStringLiteral("closed"), action), expected);
    }

    /// Workers are started with this environment (tst_pool): fresh heap memory reads as zero.
    void clearsTheHeap()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("sanitizers have a heap of their own");
#endif
        QCOMPARE(probe(QStringLiteral("open"), QStringLiteral("stale-memory")), 0);
        qputenv("GLIBC_TUNABLES", "glibc.malloc.perturb=255:glibc.malloc.tcache_count=0");
        const int cleared = probe(QStringLiteral("open"), QStringLiteral("stale-memory"));
        qunsetenv("GLIBC_TUNABLES");
        QCOMPARE(cleared, ENODATA);
    }

    void leavesDecodersTheirMemory()
    {
        QCOMPARE(probe(QStringLiteral("closed"), QStringLiteral("allocate")), 0);
    }
};

QTEST_APPLESS_MAIN(TestCage)
#include "tst_cage.moc"
