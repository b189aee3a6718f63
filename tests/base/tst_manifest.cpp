// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Manifest.h"

#include "base/AtomicFile.h"

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <nlohmann/json.hpp>

using namespace foveate;
namespace fs = std::filesystem;

class ManifestTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_temporary = std::make_unique<QTemporaryDir>();
        m_folder = m_temporary->path().toStdString();
        QVERIFY(makeFolder(m_folder + "/maps"));
        QVERIFY(makeFolder(m_folder + "/checkpoints"));
        write("run.json", "{}");
        write("maps/a 'quoted' \n name.npy", "map");
        write("checkpoints/c", "left out");
        QVERIFY(!hasManifest(m_folder));
        QVERIFY(writeManifest(m_folder, {"checkpoints"}));
        QVERIFY(hasManifest(m_folder));
    }

    void listsSizesAndHashes()
    {
        const auto manifest = nlohmann::json::parse(*readFile(m_folder + "/MANIFEST.json"));
        QCOMPARE(manifest["files"].size(), std::size_t(2));
        QCOMPARE(manifest["files"]["run.json"]["size"].get<int>(), 2);
        QCOMPARE(manifest["files"]["run.json"]["sha256"].get<std::string>(),
                 std::string("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"));
        QVERIFY(verifyManifest(m_folder));
    }

    void whatIsLeftOutMayChange()
    {
        write("checkpoints/c", "other");
        write("later", "new");
        QVERIFY(verifyManifest(m_folder));
    }

    void everyChangeIsFound()
    {
        write("run.json", "[]");
        expectCorrupt("run.json", "hash");
        write("run.json", "{} ");
        expectCorrupt("run.json", "size");
        fs::remove(m_folder + "/run.json");
        expectCorrupt("run.json", "missing");
        fs::create_symlink(m_folder + "/later", m_folder + "/run.json");
        write("later", "{}");
        expectCorrupt("run.json", "missing");
    }

    void oneFileCanBeAskedFor()
    {
        write("run.json", "{}");
        QVERIFY(verifyManifestFile(m_folder, "run.json"));
        QCOMPARE(verifyManifestFile(m_folder, "later").error().code, Code::corrupt);
        write("run.json", "[]");
        QCOMPARE(verifyManifestFile(m_folder, "run.json").error().code, Code::corrupt);
    }

    void brokenManifestsAreRefused_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("code");
        const auto row = [](const char* name, const char* text, Code code) {
            QTest::newRow(name) << QByteArray(text) << int(code);
        };
        row("empty", "", Code::corrupt);
        row("cut", R"({"format":1,"files":{"run.json")", Code::corrupt);
        row("no files", R"({"format":1})", Code::corrupt);
        row("a list", R"({"format":1,"files":[]})", Code::corrupt);
        row("newer", R"({"format":2,"files":{}})", Code::newerVersion);
        row("no size", R"({"format":1,"files":{"run.json":{"sha256":"x"}}})", Code::corrupt);
        row("way up", R"({"format":1,"files":{"../x":{"size":1,"sha256":"x"}}})", Code::corrupt);
        row("absolute", R"({"format":1,"files":{"/etc/passwd":{"size":1,"sha256":"x"}}})", Code::corrupt);
        row("entry no object", R"({"format":1,"files":{"run.json":3}})", Code::corrupt);
    }

    void brokenManifestsAreRefused()
    {
        QFETCH(QByteArray, text);
        QFETCH(int, code);
        write("MANIFEST.json", text.toStdString());
        const Status verified = verifyManifest(m_folder);
        QVERIFY(!verified);
        QCOMPARE(int(verified.error().code), code);
    }

    void namesThatJsonCannotHoldAreRefused()
    {
        write("\xff.png", "x");
        QCOMPARE(writeManifest(m_folder).error().code, Code::badInput);
    }

    void withoutAManifestItIsNotFound()
    {
        QCOMPARE(verifyManifest(m_folder + "/maps").error().code, Code::notFound);
        QCOMPARE(writeManifest(m_folder + "/none").error().code, Code::badDirectory);
    }

private:
    void write(const std::string& file, const std::string& content)
    {
        QVERIFY(writeFileAtomically(m_folder + "/" + file, content));
    }

    void expectCorrupt(const std::string& file, const std::string& detail)
    {
        const Status verified = verifyManifest(m_folder);
        QVERIFY(!verified);
        QCOMPARE(describe(verified.error()), "corrupt [" + file + "] [" + detail + "]");
    }

    std::unique_ptr<QTemporaryDir> m_temporary;
    std::string m_folder;
};

QTEST_APPLESS_MAIN(ManifestTest)
#include "tst_manifest.moc"
