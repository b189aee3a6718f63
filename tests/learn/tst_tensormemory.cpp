// SPDX-License-Identifier: GPL-3.0-or-later
// Memory of tensors is kept for the next tensor, and no more of it than was in use at once, a quarter beside.
#include "learn/TensorMemory.h"

#include <ATen/ATen.h>
#include <QTest>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace foveate::learn;

namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

at::Tensor bytes(std::int64_t count)
{
    return at::empty({count}, at::kByte);
}

double residentMegabytes()
{
    std::ifstream statm("/proc/self/statm");
    double pages = 0;
    statm >> pages >> pages;
    return pages * double(sysconf(_SC_PAGESIZE)) / double(kMegabyte);
}

} // namespace

class TensorMemoryTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        m_before = bytes(kMegabyte); // of the library's own allocator, freed by it below
        keepTensorMemory();
    }

    void freesWhatWasThereBefore() { m_before = at::Tensor(); }

    void givesAFreedBlockToTheNextOfItsSize()
    {
        for (const std::int64_t size : {kMegabyte, 9 * kMegabyte}) {
            at::Tensor first = bytes(size);
            const void* const place = first.data_ptr();
            first = at::Tensor();
            QCOMPARE(bytes(size).data_ptr(), place);
            QCOMPARE(bytes(size - 1000).data_ptr(), place);
        }
    }

    void neverGivesABlockThatIsTooSmallOrInUse()
    {
        const at::Tensor used = bytes(5 * kMegabyte);
        bytes(4 * kMegabyte);
        const at::Tensor larger = bytes(6 * kMegabyte);
        QVERIFY(larger.data_ptr() != used.data_ptr());
        larger.fill_(7);
        used.fill_(3);
        QVERIFY((larger == 7).all().item<bool>() && (used == 3).all().item<bool>());
    }

    void holdsNoMoreThanAQuarterBesideTheMostInUse()
    {
        double most = 0;
        for (std::int64_t size = 100; size <= 160; size += 3) { // each larger than every one before
            const at::Tensor block = bytes(size * kMegabyte).fill_(1);
            most = std::max(most, residentMegabytes());
        }
        const double base = residentMegabytes();
        QVERIFY2(most < 1.25 * 160 + 250, qPrintable(QString("%1 MB, %2 now").arg(most).arg(base)));
    }

    void servesThreadsAtOnce()
    {
        std::atomic<bool> whole{true};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 200; ++i) {
                    const at::Tensor block = at::full({kMegabyte / 2 + 4096 * (i % 7)}, t, at::kByte);
                    if (!(block == t).all().item<bool>())
                        whole = false;
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        QVERIFY(whole);
    }

private:
    at::Tensor m_before;
};

QTEST_APPLESS_MAIN(TensorMemoryTest)
#include "tst_tensormemory.moc"
