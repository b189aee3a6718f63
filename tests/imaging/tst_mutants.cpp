// SPDX-License-Identifier: GPL-3.0-or-later
// The long run of blindly damaged files (label full): FOVEATE_MUTANTS of them, 20,000 by default.
#include "imaging/Mutants.h"
#include "imaging/Pool.h" // of tests/

#include <QElapsedTimer>
#include <QTest>
#include <atomic>
#include <thread>

using namespace foveate;
using namespace foveate::imaging;

class TestMutants : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void manyMutants()
    {
        const int wanted = qEnvironmentVariableIntValue("FOVEATE_MUTANTS") > 0
                               ? qEnvironmentVariableIntValue("FOVEATE_MUTANTS")
                               : 20000;
        const std::vector<std::string> seeds = made::seeds();
        DecoderPool pool = startPool(builtDecoder(2));
        std::atomic<int> done = 0, died = 0, untyped = 0;
        QElapsedTimer timer;
        timer.start();
        const auto work = [&](int first) {
            for (int i = first; i < wanted; i += 2) {
                Random random = Random::derive(7, "mutant", std::uint64_t(i));
                const Result<Image> image =
                    decodeBytes(pool, made::mutant(seeds[std::size_t(i) % seeds.size()], random));
                died += !image && image.error().code == Code::decoderDied;
                untyped += !image && (image.error().code == Code::internal || image.error().code == Code::sandbox);
                ++done;
            }
        };
        std::thread other(work, 1);
        work(0);
        other.join();
        qInfo("%d mutants in %.1f s, %d ended their worker", done.load(), double(timer.elapsed()) / 1000, died.load());
        QCOMPARE(untyped.load(), 0);
        QVERIFY(decodeBytes(pool, seeds[0]).has_value());
    }
};

QTEST_GUILESS_MAIN(TestMutants)
#include "tst_mutants.moc"
