// SPDX-License-Identifier: GPL-3.0-or-later
// What a GPU is given, as far as it can be shown without one.
#include "learn/Device.h"
#include "learn/DevicePool.h"
#include "learn/cuda/Cuda.h"

#include <QFile>
#include <QtTest>
#include <numeric>

using namespace foveate;
using namespace foveate::learn;

namespace {

constexpr int kSize = 6, kChannels = 3, kRows = 2500; ///< more than goes to the device at once
constexpr std::size_t kPixels = std::size_t(kSize) * kSize * kChannels;

class TstDevice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        m_pixels.resize(kRows * kPixels);
        for (std::size_t i = 0; i < m_pixels.size(); ++i)
            m_pixels[i] = std::uint8_t(i * 7 + i / kPixels);
    }

    void poolGivesTheRowsAsked_data()
    {
        QTest::addColumn<qint64>("budget");
        QTest::newRow("held on the device") << qint64(kRows * kPixels);
        QTest::newRow("gathered for each batch") << qint64(kRows * kPixels - 1);
    }

    void poolGivesTheRowsAsked()
    {
        QFETCH(qint64, budget);
        const auto imageOf = [this](std::int64_t row) {
            return std::span<const std::uint8_t>(m_pixels.data() + std::size_t(row) * kPixels, kPixels);
        };
        std::vector<std::int64_t> rows(kRows);
        std::iota(rows.rbegin(), rows.rend(), 0);
        const DevicePool pool(rows, kSize, kChannels, imageOf, at::kCPU, budget);
        QCOMPARE(pool.isResident(), budget == qint64(kRows * kPixels));
        const std::vector<std::int64_t> asked{3, 2499, 0, 3};
        const at::Tensor pixels = pool.pixels(asked, imageOf);
        QCOMPARE(pixels.sizes(), (at::IntArrayRef{4, kSize, kSize, kChannels}));
        for (std::size_t i = 0; i < asked.size(); ++i)
            QVERIFY(std::memcmp(pixels[std::int64_t(i)].const_data_ptr(), imageOf(asked[i]).data(), kPixels) == 0);
    }

    void withoutGpuOneCannotBeAsked()
    {
        if (cuda::count() > 0)
            QSKIP("skipped: this machine has a GPU");
        QCOMPARE(decideCapability({.device = "cuda"}).error().code, Code::deviceMissing);
        QCOMPARE(decideCapability({.requireGpu = true}).error().code, Code::deviceMissing);
        QCOMPARE(decideCapability({.requireGpu = true, .gpuServes = false}).error().code, Code::deviceMissing);
        QCOMPARE(decideCapability({})->device, std::string("cpu"));
        Capability elsewhere;
        elsewhere.device = "cuda"; // a run begun on a machine that has one
        QCOMPARE(applyCapability(elsewhere).error().code, Code::deviceMissing);
    }

    void withGpuItIsTaken()
    {
        if (cuda::count() == 0)
            QSKIP("skipped: this machine has no GPU");
        QCOMPARE(decideCapability({})->device, std::string("cuda"));
        QCOMPARE(decideCapability({.device = "cpu"})->device, std::string("cpu"));
        QCOMPARE(decideCapability({.gpuServes = false})->device, std::string("cpu"));
        QVERIFY(!decideCapability({})->fastLayers);
        QVERIFY(cuda::open()->describe(0).memory > 0);
    }

    void moduleIsBuiltAndHasItsEntry()
    {
        QFile module(QStringLiteral(FOVEATE_BIN_DIR "/../lib/libfoveate-cuda.so"));
        QVERIFY(module.open(QIODevice::ReadOnly));
        QVERIFY(module.readAll().contains(cuda::kEntry));
    }

private:
    std::vector<std::uint8_t> m_pixels;
};

} // namespace

QTEST_GUILESS_MAIN(TstDevice)
#include "tst_device.moc"
