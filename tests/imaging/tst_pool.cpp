// SPDX-License-Identifier: GPL-3.0-or-later
// The pool as such: what it refuses before decoding, workers that die, hang, wear out, and many callers at once.
#include "imaging/Pool.h" // of tests/

#include <QTest>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace foveate;
using namespace foveate::imaging;

namespace {

Code codeOf(const Result<Image>& result)
{
    return result ? Code::internal : result.error().code;
}

std::string png(std::uint16_t value)
{
    return made::png(made::constant(20, 20, 1, value));
}

} // namespace

class TestPool : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isCaged()
    {
        const DecoderPool pool = startPool();
        QVERIFY2(pool.sandbox().closed, pool.sandbox().reason.c_str());
    }

    void saysWhenThereIsNoProgram()
    {
        PoolOptions options;
        options.program = "/nowhere/foveate-decode";
        QCOMPARE(DecoderPool::create(options).error().code, Code::notFound);
        options.program = "/bin/true"; // ends without a word
        QCOMPARE(DecoderPool::create(options).error().code, Code::sandbox);
    }

    void refusesWhatIsNoRegularFile()
    {
        DecoderPool pool = startPool();
        const made::TemporaryFile good(png(1)), empty("");
        const std::string link = good.path() + ".link", fifo = good.path() + ".fifo", big = good.path() + ".big";
        QCOMPARE(symlink(good.path().c_str(), link.c_str()), 0);
        QCOMPARE(mkfifo(fifo.c_str(), 0600), 0);
        {
            std::ofstream make(big);
        }
        QCOMPARE(truncate(big.c_str(), off_t(200) << 30), 0); // sparse
        QCOMPARE(codeOf(pool.decode(link)), Code::unsupported);
        QCOMPARE(codeOf(pool.decode(fifo)), Code::unsupported);
        QCOMPARE(codeOf(pool.decode("/tmp")), Code::unsupported);
        QCOMPARE(codeOf(pool.decode("/dev/zero")), Code::unsupported);
        QCOMPARE(codeOf(pool.decode(big)), Code::tooLarge);
        QCOMPARE(codeOf(pool.decode(empty.path())), Code::notAnImage);
        QCOMPARE(codeOf(pool.decode(good.path() + ".none")), Code::notFound);
        QCOMPARE(codeOf(pool.decode(good.path())), Code::internal); // an image
        for (const std::string& path : {link, fifo, big})
            unlink(path.c_str());
    }

    void takesDescriptorsAndHashes()
    {
        DecoderPool pool = startPool();
        const std::string bytes = png(5);
        const made::TemporaryFile file(bytes);
        const int fd = open(file.path().c_str(), O_RDWR);
        const Result<Image> image = pool.decode(fd, "label");
        QVERIFY(image.has_value());
        QCOMPARE(image->fileSha, sha256(bytes));
        QCOMPARE(pool.decode(fd, "label", {0, false})->fileSha, Digest{});
        close(fd);
    }

    void survivesAKilledWorker()
    {
        DecoderPool pool = startPool();
        const made::TemporaryFile file(png(9));
        // Stopped, it is surely in the middle of this file when it is killed.
        const pid_t worker = pool.workerIds().front();
        kill(worker, SIGSTOP);
        Result<Image> image = fail(Code::internal);
        std::thread caller([&] { image = pool.decode(file.path()); });
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        kill(worker, SIGKILL);
        caller.join();
        QCOMPARE(codeOf(image), Code::decoderDied);
        QCOMPARE(image.error().arg(0), file.path());
        QCOMPARE(image.error().arg(1), std::string("signal 9"));
        QVERIFY(pool.decode(file.path()).has_value());
        QVERIFY(pool.workerIds().front() != worker);
    }

    void doesNotBlameAFileForAWorkerThatDiedBefore()
    {
        DecoderPool pool = startPool();
        const made::TemporaryFile file(png(9));
        kill(pool.workerIds().front(), SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        QVERIFY(pool.decode(file.path()).has_value());
    }

    void endsAHangingWorker()
    {
        PoolOptions options = builtDecoder();
        options.wallSeconds = 1;
        DecoderPool pool = startPool(options);
        const made::TemporaryFile file(png(9));
        kill(pool.workerIds().front(), SIGSTOP);
        const Result<Image> image = pool.decode(file.path());
        QCOMPARE(codeOf(image), Code::decoderDied);
        QCOMPARE(image.error().arg(1), std::string("time"));
        QVERIFY(pool.decode(file.path()).has_value());
    }

    void limitsTheProcessorTimePerFile()
    {
        PoolOptions options = builtDecoder();
        options.cpuSeconds = 3;
        DecoderPool pool = startPool(options);
        const made::TemporaryFile file(png(9));
        QVERIFY(pool.decode(file.path()).has_value());
        std::ifstream limits("/proc/" + std::to_string(pool.workerIds().front()) + "/limits");
        std::string line;
        while (std::getline(limits, line) && line.rfind("Max cpu time", 0) != 0) {
        }
        const QStringList fields = QString::fromStdString(line).split(QLatin1Char(' '), Qt::SkipEmptyParts);
        QVERIFY2(fields.size() > 4, line.c_str());
        QVERIFY2(fields[3].toInt() >= 3 && fields[3].toInt() <= 5, line.c_str());
    }

    void replacesWornWorkers()
    {
        PoolOptions options = builtDecoder();
        options.filesPerWorker = 3;
        DecoderPool pool = startPool(options);
        const made::TemporaryFile good(png(9)), cut(png(9).substr(0, 50)), text(std::string(200, 'x'));
        const pid_t first = pool.workerIds().front();
        QVERIFY(pool.decode(good.path()).has_value());
        QCOMPARE(codeOf(pool.decode(text.path())), Code::notAnImage); // looked at, not parsed: no reason to replace it
        QCOMPARE(pool.workerIds(), std::vector<pid_t>{first});
        QVERIFY(pool.decode(good.path()).has_value());
        QVERIFY(pool.workerIds().empty()); // the third file
        QVERIFY(pool.decode(good.path()).has_value());
        const pid_t second = pool.workerIds().front();
        QVERIFY(second != first);
        QCOMPARE(codeOf(pool.decode(cut.path())), Code::damaged);
        QVERIFY(pool.workerIds().empty()); // after every error
    }

    void servesManyCallers()
    {
        DecoderPool pool = startPool(builtDecoder(2));
        std::vector<std::unique_ptr<made::TemporaryFile>> files;
        for (std::uint16_t i = 0; i < 8; ++i)
            files.push_back(std::make_unique<made::TemporaryFile>(png(std::uint16_t(i * 30))));
        std::atomic<int> right = 0;
        std::vector<std::thread> callers;
        for (int t = 0; t < 6; ++t)
            callers.emplace_back([&, t] {
                for (int i = 0; i < 20; ++i) {
                    const int which = (t + i) % 8;
                    const Result<Image> image = pool.decode(files[which]->path());
                    right += image && image->values8()[7] == which * 30;
                }
            });
        for (std::thread& caller : callers)
            caller.join();
        QCOMPARE(right.load(), 120);
        QVERIFY(pool.workerIds().size() <= 2);
    }

    void pixelsOutliveThePool()
    {
        Image kept;
        {
            DecoderPool pool = startPool();
            const made::TemporaryFile file(png(77));
            kept = *pool.decode(file.path());
        }
        QCOMPARE(kept.values8()[0], std::uint8_t(77));
    }

    void startsWithAnEnvironmentOfItsOwn()
    {
        const DecoderPool pool = startPool();
        std::ifstream file("/proc/" + std::to_string(pool.workerIds().front()) + "/environ");
        std::string environment((std::istreambuf_iterator<char>(file)), {});
        std::replace(environment.begin(), environment.end(), '\0', ':'); // the loader cuts the last one into its parts
        QCOMPARE(environment,
                 std::string("LC_ALL=C:GLIBC_TUNABLES=glibc.malloc.perturb=255:glibc.malloc.tcache_count=0:"));
    }

    void inheritsNoDescriptor()
    {
        const int open1 = open("/etc/hostname", O_RDONLY); // no close-on-exec, as a careless library would
        DecoderPool pool = startPool();
        std::vector<std::string> names;
        for (const auto& entry :
             std::filesystem::directory_iterator("/proc/" + std::to_string(pool.workerIds().front()) + "/fd"))
            names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        QCOMPARE(names, (std::vector<std::string>{"0", "1", "2", "3"}));
        close(open1);
    }
};

QTEST_GUILESS_MAIN(TestPool)
#include "tst_pool.moc"
