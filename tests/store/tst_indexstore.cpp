// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "base/Manifest.h"
#include "store/Verify.h"

#include <cmath>
#include <filesystem>
#include <fstream>

using namespace foveate;
using namespace foveate::store;
namespace fs = std::filesystem;

class TestIndexStore : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;

private Q_SLOTS:
    void bookedRunsComeBack()
    {
        auto index = IndexStore::open(m_folder.filePath("index.sqlite").toStdString());
        OK(index);
        const RunRow run{"0002-train", "train", "2026-01-01T00:00:00.000Z", 20, "0001-pretrain", "{}"};
        OK(index->book(run, {{"test", "accuracy", 0.5, 0.4, 0.6, 20}, {"test", "auc", 0.7, {}, {}, 20}},
                       {{"a", 0.1, 0, 0.9}, {"b", 0.8, 1, 0.5}}));
        QVERIFY(*index->isBooked("0002-train"));
        QVERIFY(!*index->isBooked("0003-train"));
        QCOMPARE(index->metrics("0002-train")->at(0).low, std::optional<double>(0.4));
        QVERIFY(!index->metrics("0002-train")->at(1).low);
        QCOMPARE(index->scores("0002-train")->front().sample, std::string("b"));
        // Booking again replaces; a number that is none keeps the old booking.
        OK(index->book(run, {{"test", "accuracy", 0.9, {}, {}, 20}}));
        QCOMPARE(index->metrics("0002-train")->size(), std::size_t(1));
        QVERIFY(index->scores("0002-train")->empty());
        FAILS(index->book(run, {{"test", "accuracy", std::nan(""), {}, {}, 20}}), Code::nonFinite);
        QCOMPARE(index->metrics("0002-train")->at(0).value, 0.9);
        QCOMPARE(index->runs()->at(0).parent, std::string("0001-pretrain"));
    }

    void aDamagedIndexIsMadeAnew()
    {
        const std::string path = m_folder.filePath("broken.sqlite").toStdString();
        std::ofstream(path) << std::string(9000, 'x');
        auto index = IndexStore::open(path);
        OK(index);
        QVERIFY(index->runs()->empty());
        QVERIFY(fs::exists(path + ".damaged"));
    }

    void deletedAndRebuiltFromRunFolders()
    {
        const std::string path = m_folder.filePath("study").toStdString();
        {
            auto study = Study::create(path, projectFile(), opening());
            OK(study);
            OK(study->index().book({"0001-train", "train", "", 0, "", "{}"}, {}));
        }
        for (const char* run : {"0002-train", "0001-train", "0003-unfinished"}) {
            fs::create_directories(path + "/runs/" + run);
            std::ofstream(path + "/runs/" + run + "/run.json") << "{}";
            if (std::string(run) != "0003-unfinished")
                OK(writeManifest(path + "/runs/" + run));
        }
        fs::remove(path + "/index.sqlite");
        auto study = Study::openOwner(path, opening());
        OK(study);
        QVERIFY(study->index().runs()->empty());
        std::vector<std::string> seen;
        OK(rebuildIndex(*study, [&](const std::string& folder, IndexStore& index) {
            seen.push_back(fs::path(folder).filename().string());
            return index.book({seen.back(), "train", "", 0, "", "{}"}, {});
        }));
        QVERIFY(seen == (std::vector<std::string>{"0001-train", "0002-train"}));
        QCOMPARE(study->index().runs()->size(), std::size_t(2));
        QVERIFY(verify(*study)->ok());
        QCOMPARE(verify(*study)->runs, std::int64_t(2));
        std::ofstream(path + "/runs/0002-train/run.json") << "{ }";
        const auto report = verify(*study);
        OK(report);
        QCOMPARE(report->findings.size(), std::size_t(1));
        QVERIFY(describe(report->findings[0]).find("run.json") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestIndexStore)
#include "tst_indexstore.moc"
