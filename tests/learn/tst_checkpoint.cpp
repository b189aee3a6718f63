// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "learn/Checkpoint.h"
#include "learn/CheckpointWriter.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <filesystem>
#include <fstream>

using namespace foveate;
using namespace foveate::learn;

namespace {

Checkpoint checkpoint(std::int64_t step)
{
    Checkpoint made;
    made.step = step;
    made.weights["w"] = at::full({3, 4}, double(step));
    made.optimiser["w.m"] = at::full({3, 4}, double(step) / 10);
    made.state = {{"epoch", step / 10}, {"loss", 1.0 / 3}};
    return made;
}

std::int64_t newest(const QTemporaryDir& folder)
{
    const auto read = readNewestCheckpoint(folder.path().toStdString());
    return read && *read ? (*read)->step : -1;
}

void flipByte(const std::string& path, std::streamoff fromEnd)
{
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-fromEnd, std::ios::end);
    const char byte = char(file.get() ^ 1);
    file.seekp(-fromEnd, std::ios::end);
    file.put(byte);
}

} // namespace

class CheckpointTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void comesBackAsItWas()
    {
        QTemporaryDir folder;
        QCOMPARE(newest(folder), std::int64_t(-1));
        QVERIFY(writeCheckpoint(folder.path().toStdString(), checkpoint(120)).has_value());
        QVERIFY(QDir(folder.filePath("checkpoints/000120")).exists("MANIFEST.json"));
        const auto read = readNewestCheckpoint(folder.path().toStdString());
        QVERIFY(at::equal((*read)->weights.at("w"), checkpoint(120).weights.at("w")));
        QVERIFY(at::equal((*read)->optimiser.at("w.m"), checkpoint(120).optimiser.at("w.m")));
        QCOMPARE((*read)->state.at("loss").get<double>(), 1.0 / 3);
    }

    void keepsTheLastThree()
    {
        QTemporaryDir folder;
        for (std::int64_t step : {5, 10, 15, 20, 1000000})
            QVERIFY(writeCheckpoint(folder.path().toStdString(), checkpoint(step)).has_value());
        const QStringList names =
            QDir(folder.filePath("checkpoints")).entryList(QDir::Dirs | QDir::NoDotAndDotDot | QDir::Hidden);
        QCOMPARE(names, QStringList({"000015", "000020", "1000000"}));
        QCOMPARE(newest(folder), std::int64_t(1000000));
    }

    void passesOverBrokenOnes_data()
    {
        QTest::addColumn<QString>("damage");
        for (const char* damage : {"flip", "cut", "no manifest", "no weights", "another step"})
            QTest::newRow(damage) << damage;
    }

    void passesOverBrokenOnes()
    {
        QFETCH(QString, damage);
        QTemporaryDir folder;
        QVERIFY(writeCheckpoint(folder.path().toStdString(), checkpoint(1)).has_value());
        QVERIFY(writeCheckpoint(folder.path().toStdString(), checkpoint(2)).has_value());
        const std::string newestFolder = folder.filePath("checkpoints/000002").toStdString();
        if (damage == "flip")
            flipByte(newestFolder + "/weights.safetensors", 3);
        else if (damage == "cut")
            std::filesystem::resize_file(newestFolder + "/optimiser.safetensors", 20);
        else if (damage == "no manifest")
            std::filesystem::remove(newestFolder + "/MANIFEST.json");
        else if (damage == "no weights")
            std::filesystem::remove(newestFolder + "/weights.safetensors");
        else
            std::filesystem::rename(newestFolder, folder.filePath("checkpoints/000003").toStdString());
        QCOMPARE(newest(folder), std::int64_t(1));
    }

    /// Without the manifest's hashes a flipped bit of a weight would go unseen: the file itself still reads well.
    void onlyTheHashSeesAFlippedBit()
    {
        QTemporaryDir folder;
        QVERIFY(writeCheckpoint(folder.path().toStdString(), checkpoint(2)).has_value());
        const std::string path = folder.filePath("checkpoints/000002").toStdString();
        flipByte(path + "/weights.safetensors", 3);
        QVERIFY(readSafetensors(path + "/weights.safetensors").has_value());
        QCOMPARE(verifyManifest(path).error().code, Code::corrupt);
    }

    void leavesNothingHalfDone()
    {
        QTemporaryDir folder;
        QVERIFY(writeCheckpoint(folder.path().toStdString(), checkpoint(1)).has_value());
        // What a killed writer leaves: a temporary folder, here with all its files.
        const std::string parent = folder.filePath("checkpoints").toStdString();
        std::filesystem::copy(parent + "/000001", parent + "/.tmp-4242", std::filesystem::copy_options::recursive);
        QCOMPARE(newest(folder), std::int64_t(1));
        QVERIFY(writeCheckpoint(folder.path().toStdString(), checkpoint(2)).has_value());
        QVERIFY(!std::filesystem::exists(parent + "/.tmp-4242"));
    }

    void neverHoldsNumbersThatAreNotFinite()
    {
        QTemporaryDir folder;
        Checkpoint bad = checkpoint(3);
        bad.weights["w"][1][2] = std::nan("");
        QCOMPARE(writeCheckpoint(folder.path().toStdString(), bad).error().code, Code::nonFinite);
        bad.weights["w"][1][2] = INFINITY;
        QCOMPARE(writeCheckpoint(folder.path().toStdString(), bad).error().code, Code::nonFinite);
        QCOMPARE(newest(folder), std::int64_t(-1));
        CheckpointWriter writer(folder.path().toStdString());
        QCOMPARE(writer.begin(bad).error().code, Code::nonFinite);
        QVERIFY(writer.isIdle());
    }

    /// Were the tensors not copied, the file would hold what the job made of them meanwhile.
    void theJobGoesOnWhileOneIsWritten()
    {
        QTemporaryDir folder;
        Checkpoint large = checkpoint(7);
        large.weights["w"] = at::full({4 << 20}, 7.0);
        CheckpointWriter writer(folder.path().toStdString());
        QVERIFY(writer.begin(large).has_value());
        large.weights["w"].fill_(8);
        QVERIFY(!writer.isIdle());
        QVERIFY(writer.finish().has_value());
        QVERIFY(writer.isIdle() && writer.seconds() > 0);
        const auto read = readNewestCheckpoint(folder.path().toStdString());
        QVERIFY(at::equal((*read)->weights.at("w"), at::full({4 << 20}, 7.0)));
    }

    void oneWriterWritesManyOfAnyShape()
    {
        QTemporaryDir folder;
        CheckpointWriter writer(folder.path().toStdString());
        const auto written = [&](const Checkpoint& made) {
            if (!writer.begin(made) || !writer.finish())
                return false;
            const auto read = readNewestCheckpoint(folder.path().toStdString());
            const auto isSame = [](const TensorMap& a, const TensorMap& b) {
                return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
                    return one.first == other.first && at::equal(one.second, other.second);
                });
            };
            return read && *read && isSame((*read)->weights, made.weights) &&
                   isSame((*read)->optimiser, made.optimiser);
        };
        QVERIFY(written(checkpoint(1)));
        QVERIFY(written(checkpoint(2)));
        Checkpoint wider = checkpoint(3);
        wider.weights["w"] = at::rand({5, 4}).t();
        wider.weights["new"] = at::arange(7);
        wider.optimiser.clear();
        QVERIFY(written(wider));
        QVERIFY(written(checkpoint(4)));
    }

    void whatHinderedTheWriterIsTold()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath("checkpoints")); // where the folder should be
        QVERIFY(file.open(QIODevice::WriteOnly));
        CheckpointWriter writer(folder.path().toStdString());
        QVERIFY(writer.begin(checkpoint(1)).has_value());
        QVERIFY(!writer.finish().has_value());
    }
};

QTEST_GUILESS_MAIN(CheckpointTest)
#include "tst_checkpoint.moc"
