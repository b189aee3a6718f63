// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "store/Export.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

using namespace foveate;
using namespace foveate::store;
namespace fs = std::filesystem;

class TestExport : public QObject {
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    int m_number = 0;
    std::vector<Sample> m_samples;
    std::string m_images;

    std::string next() { return m_folder.filePath(QString::number(++m_number)).toStdString(); }
    /// Four images by Miss Muster: three labelled, one of them by two readers.
    Result<Study> fresh()
    {
        ProjectFile project = projectFile();
        project.classes = {"=cmd|' /C calc'!A0", "a/b", "a:b"};
        FOVEATE_TRY(Study study, Study::create(next(), project, opening()));
        m_images = next();
        fs::create_directory(m_images);
        m_samples.clear();
        for (int i = 0; i < 4; ++i) {
            Sample sample = makeSample(i, "Muster", Split::train);
            sample.root = m_images;
            sample.relativePath = "Muster^Maria " + std::to_string(i) + ".png";
            std::ofstream(m_images + "/" + sample.relativePath) << "image " << i;
            sample.fileSha = sha256("image " + std::to_string(i));
            sample.truth = 0;
            m_samples.push_back(sample);
        }
        FOVEATE_CHECK(study.insertSamples(m_samples));
        Event seen = labelEvent(m_samples[0].id, 0);
        seen.visible = R"({"policy":"after","overlay":true})";
        seen.confidence = 0.5;
        std::vector<Event> events{seen, labelEvent(m_samples[1].id, 1), labelEvent(m_samples[1].id, 1, "bob"),
                                  labelEvent(m_samples[2].id, 2)};
        FOVEATE_CHECK(study.appendAll(events).map([](const std::vector<Event>&) {}));
        return study;
    }
    static std::vector<std::string> lines(const std::string& text, const std::string& end)
    {
        std::vector<std::string> result;
        for (std::size_t from = 0, to; (to = text.find(end, from)) != std::string::npos; from = to + end.size())
            result.push_back(text.substr(from, to - from));
        return result;
    }

private Q_SLOTS:
    void cellsAreSafe_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("cell");
        QTest::newRow("plain") << QByteArray("CNV") << QByteArray("CNV");
        QTest::newRow("equals") << QByteArray("=1+1") << QByteArray("'=1+1");
        QTest::newRow("plus") << QByteArray("+1") << QByteArray("'+1");
        QTest::newRow("minus") << QByteArray("-1") << QByteArray("'-1");
        QTest::newRow("at") << QByteArray("@x") << QByteArray("'@x");
        QTest::newRow("tab") << QByteArray("\tx") << QByteArray("\"'\tx\"");
        QTest::newRow("return") << QByteArray("\rx") << QByteArray("\"'\rx\"");
        QTest::newRow("nul") << QByteArray("\0=x", 3) << QByteArray("'=x");
        QTest::newRow("quote") << QByteArray("a\"b") << QByteArray("\"a\"\"b\"");
        QTest::newRow("comma") << QByteArray("a,b") << QByteArray("\"a,b\"");
        QTest::newRow("semicolon") << QByteArray("a;b") << QByteArray("\"a;b\"");
        QTest::newRow("newline") << QByteArray("a\nb") << QByteArray("\"a\nb\"");
        QTest::newRow("empty") << QByteArray() << QByteArray();
    }
    void cellsAreSafe()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, cell);
        QCOMPARE(QByteArray::fromStdString(csvCell(text.toStdString())), cell);
    }

    void csvHasARowPerImageAndReader()
    {
        auto study = fresh();
        OK(study);
        ExportOptions options;
        options.target = next() + ".csv";
        const auto report = exportStudy(*study, options);
        OK(report);
        QCOMPARE(report->rows, std::int64_t(5));
        const auto rows = lines(*readFile(options.target), "\r\n");
        QCOMPARE(rows.size(), std::size_t(6));
        QVERIFY(rows[0].starts_with("id,path,sha256,label,soft_label,confidence,reader,utc,active_ms,ai_seen,policy"));
        QVERIFY(rows[1].starts_with(m_samples[0].id));
        QVERIFY(rows[1].find("'=cmd|") != std::string::npos);
        QVERIFY(rows[1].find(",true,after,") != std::string::npos);
        QVERIFY(rows[5].find(",unread,ok,") != std::string::npos);
        FAILS(exportStudy(*study, options), Code::alreadyExists);
        options.overwrite = true;
        options.originalPaths = false;
        OK(exportStudy(*study, options));
        QVERIFY(readFile(options.target)->find("Muster") == std::string::npos);
    }

    void jsonLinesSayTheSame()
    {
        auto study = fresh();
        OK(study);
        ExportOptions options;
        options.format = ExportFormat::jsonl;
        options.target = next() + ".jsonl";
        options.only = {m_samples[1].id, m_samples[3].id};
        OK(exportStudy(*study, options));
        const auto rows = lines(*readFile(options.target), "\n");
        QCOMPARE(rows.size(), std::size_t(3));
        const auto first = nlohmann::json::parse(rows[0]), last = nlohmann::json::parse(rows[2]);
        QCOMPARE(first["label"].get<std::string>(), std::string("a/b"));
        QCOMPARE(first["soft_label"]["a/b"].get<double>(), 1.0);
        QCOMPARE(first["policy"].get<std::string>(), std::string("blind"));
        QVERIFY(last["label"].is_null() && last["consensus"].is_null());
        QCOMPARE(last["state"].get<std::string>(), std::string("unread"));
        QVERIFY(!last.contains("truth"));
    }

    void imageFolderIsWholeAndNamesNobody()
    {
        auto study = fresh();
        OK(study);
        ExportOptions options;
        options.format = ExportFormat::imagefolder;
        options.target = next();
        const auto report = exportStudy(*study, options);
        OK(report);
        QCOMPARE(report->images, std::int64_t(3));
        OK(verifyManifest(options.target));
        int files = 0;
        for (const auto& entry : fs::recursive_directory_iterator(options.target)) {
            QVERIFY(entry.path().string().find("Muster") == std::string::npos);
            files += entry.is_regular_file();
        }
        QCOMPARE(files, 5);
        const auto metadata = readFile(options.target + "/metadata.csv");
        OK(metadata);
        QVERIFY(metadata->find("Muster") == std::string::npos);
        const auto rows = lines(*metadata, "\r\n");
        QCOMPARE(rows.size(), std::size_t(4));
        QVERIFY(rows[0].starts_with("file_name,id,path"));
        // Classes "a/b" and "a:b" would be one folder; they are told apart.
        QVERIFY(fs::exists(options.target + "/train/a_b/" + m_samples[1].id + ".png"));
        QVERIFY(fs::exists(options.target + "/train/a_b-2/" + m_samples[2].id + ".png"));
        QVERIFY(rows[2].find("ann;bob") != std::string::npos);
        FAILS(exportStudy(*study, options), Code::alreadyExists);
    }

    void imagesThatMayIdentifyAreWrittenAnew()
    {
        auto study = fresh();
        OK(study);
        ExportOptions options;
        options.format = ExportFormat::imagefolder;
        options.target = next();
        options.mayIdentify = [&](const Sample& sample) { return sample.id == m_samples[0].id; };
        options.writeImage = [](const Sample&, const std::string& target) {
            return writeFileAtomically(target, "clean");
        };
        OK(exportStudy(*study, options));
        int clean = 0;
        for (const auto& entry : fs::recursive_directory_iterator(options.target))
            clean += entry.path().extension() == ".png" && *readFile(entry.path().string()) == "clean";
        QCOMPARE(clean, 1);
    }

    void changedOrMissingImagesAreReported()
    {
        auto study = fresh();
        OK(study);
        std::ofstream(m_images + "/" + m_samples[0].relativePath) << "other";
        fs::remove(m_images + "/" + m_samples[1].relativePath);
        ExportOptions options;
        options.format = ExportFormat::imagefolder;
        options.target = next();
        const auto report = exportStudy(*study, options);
        OK(report);
        QCOMPARE(report->images, std::int64_t(1));
        QCOMPARE(report->failed.size(), std::size_t(2));
        QCOMPARE(report->failed[0].arg(0), m_samples[0].id);
        QCOMPARE(report->failed[0].code, Code::corrupt);
        QCOMPARE(report->failed[1].code, Code::notFound);
    }

    void halfAnExportIsNotThere()
    {
        auto study = fresh();
        OK(study);
        ExportOptions options;
        options.format = ExportFormat::imagefolder;
        options.target = next();
        options.writeImage = [](const Sample&, const std::string& target) -> Status {
            return fail(Code::noSpace, {target});
        };
        FAILS(exportStudy(*study, options), Code::noSpace);
        for (const auto& entry : fs::directory_iterator(m_folder.path().toStdString()))
            QVERIFY(entry.path().string().find(options.target) == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestExport)
#include "tst_export.moc"
