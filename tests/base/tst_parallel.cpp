// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Parallel.h"

#include <QTest>
#include <atomic>
#include <mutex>
#include <set>

using namespace foveate;

class ParallelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyRowIsVisitedOnce()
    {
        for (const std::size_t n : {0u, 1u, 2u, 7u, 1000u})
            for (const int threads : {-1, 0, 1, 2, 3, 16}) {
                std::vector<std::atomic<int>> visits(n);
                parallelBlocks(n, threads, [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end; ++i)
                        ++visits[i];
                });
                for (const std::atomic<int>& count : visits)
                    QCOMPARE(count.load(), 1);
            }
    }

    void asManyThreadsAsAsked()
    {
        std::mutex mutex;
        std::set<std::thread::id> threads;
        parallelBlocks(100, 3, [&](std::size_t, std::size_t) {
            const std::lock_guard lock(mutex);
            threads.insert(std::this_thread::get_id());
        });
        QCOMPARE(threads.size(), std::size_t(3));
    }
};

QTEST_APPLESS_MAIN(ParallelTest)
#include "tst_parallel.moc"
