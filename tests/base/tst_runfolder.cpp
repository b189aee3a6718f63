// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/RunFolder.h"

#include "base/AtomicFile.h"

#include <QTemporaryDir>
#include <QTest>

using namespace foveate;
using nlohmann::json;

namespace {

Snapshot example()
{
    Snapshot snapshot;
    snapshot.project = "4a1f2c3e-0000-4000-8000-123456789abc";
    snapshot.eventHeads = {std::string(64, 'a')};
    snapshot.classes = {"NORMAL", "'; DROP TABLE \"x\""};
    snapshot.modality = "oct";
    snapshot.samples = {{0, "0123456789abcdef", 4, Split::train, 1, 1.5},
                        {7, "0123456789abcdee-2", 5, Split::test, std::nullopt, 1}};
    snapshot.pool = {7};
    snapshot.parent = "weights.safetensors";
    snapshot.job = "train";
    snapshot.options = {{"epochs", 25}, {"model", "resnet18"}};
    snapshot.seed = 0xffffffffffffffff;
    snapshot.threads = 2;
    snapshot.processes = 3;
    snapshot.dtype = "bfloat16";
    snapshot.device = "cpu";
    return snapshot;
}

} // namespace

class RunFolderTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_temporary = std::make_unique<QTemporaryDir>();
        m_folder = m_temporary->filePath("0001-train").toStdString();
        QVERIFY(writeSnapshot(m_folder, example()));
    }

    void snapshotComesBack()
    {
        const auto read = readSnapshot(m_folder);
        QVERIFY2(read, read ? "" : describe(read.error()).c_str());
        const Snapshot expected = example();
        QCOMPARE(read->project, expected.project);
        QCOMPARE(read->eventHeads, expected.eventHeads);
        QCOMPARE(read->classes, expected.classes);
        QCOMPARE(read->modality, expected.modality);
        QCOMPARE(read->pool, expected.pool);
        QCOMPARE(read->pack, expected.pack);
        QVERIFY(read->parent == expected.parent);
        QCOMPARE(read->job, expected.job);
        QVERIFY(read->options == expected.options);
        QCOMPARE(read->seed, expected.seed);
        QCOMPARE(read->threads, expected.threads);
        QCOMPARE(read->processes, expected.processes);
        QCOMPARE(read->dtype, expected.dtype);
        QCOMPARE(read->device, expected.device);
        QCOMPARE(read->samples.size(), std::size_t(2));
        for (std::size_t i = 0; i < 2; ++i) {
            QCOMPARE(read->samples[i].row, expected.samples[i].row);
            QCOMPARE(read->samples[i].id, expected.samples[i].id);
            QCOMPARE(read->samples[i].patient, expected.samples[i].patient);
            QVERIFY(read->samples[i].split == expected.samples[i].split);
            QVERIFY(read->samples[i].label == expected.samples[i].label);
            QCOMPARE(read->samples[i].weight, expected.samples[i].weight);
        }
    }

    // Each row: a JSON pointer, what stands there instead (nothing: the member is removed), and the code.
    void faultsAreRefused_data()
    {
        QTest::addColumn<QByteArray>("pointer");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<int>("code");
        const auto row = [](const char* name, const char* pointer, const char* value, Code code = Code::badInput) {
            QTest::newRow(name) << QByteArray(pointer) << QByteArray(value) << int(code);
        };
        for (const char* key : {"/format",
                                "/project",
                                "/event_heads",
                                "/classes",
                                "/modality",
                                "/samples",
                                "/pool",
                                "/pack",
                                "/parent",
                                "/job",
                                "/options",
                                "/seed",
                                "/threads",
                                "/dtype",
                                "/device",
                                "/samples/0/row",
                                "/samples/0/id",
                                "/samples/0/patient",
                                "/samples/0/split",
                                "/samples/0/label",
                                "/samples/0/weight"}) {
            QTest::newRow(qPrintable(QString("%1 removed").arg(key)))
                << QByteArray(key) << QByteArray() << int(Code::badInput);
            QTest::newRow(qPrintable(QString("%1 of another type").arg(key)))
                << QByteArray(key) << QByteArray("[{}]") << int(Code::badInput);
        }
        row("newer", "/format", "2", Code::newerVersion);
        row("older", "/format", "0");
        row("unknown job", "/job", "\"dance\"");
        row("unknown dtype", "/dtype", "\"float8\"");
        row("unknown device", "/device", "\"tpu\"");
        row("unknown member", "/treads", "2");
        row("unknown member of a sample", "/samples/0/truth", "1");
        row("negative seed", "/seed", "-1");
        row("threads beyond sense", "/threads", "100000");
        row("negative threads", "/threads", "-1");
        row("no process", "/processes", "0");
        row("processes of another type", "/processes", "[{}]");
        row("pack outside", "/pack", "\"../../pack\"");
        row("pack absolute", "/pack", "\"/etc/passwd\"");
        row("parent outside", "/parent", "\"a/../../b\"");
        row("row negative", "/samples/0/row", "-1");
        row("row a fraction", "/samples/0/row", "0.5");
        row("row beyond 63 bits", "/samples/0/row", "18446744073709551615");
        row("row twice", "/samples/0/row", "7");
        row("labels unknown", "/labels", "\"one\"");
        row("a class where sets are", "/labels", "\"several\"");
        row("split unknown", "/samples/0/split", "\"training\"");
        row("label no class", "/samples/0/label", "2");
        row("label negative", "/samples/0/label", "-1");
        row("label a word", "/samples/0/label", "\"NORMAL\"");
        row("weight negative", "/samples/0/weight", "-0.5");
        row("pool no sample", "/pool/0", "3");
        row("class no text", "/classes/0", "3");
    }

    void faultsAreRefused()
    {
        QFETCH(QByteArray, pointer);
        QFETCH(QByteArray, value);
        QFETCH(int, code);
        json document = json::parse(*readFile(snapshotPath()));
        const json::json_pointer where(pointer.toStdString());
        if (value.isEmpty())
            document[where.parent_pointer()].erase(where.back());
        else
            document[where] = json::parse(value.toStdString());
        QVERIFY(writeFileAtomically(snapshotPath(), document.dump()));
        const auto read = readSnapshot(m_folder);
        QVERIFY(!read);
        QCOMPARE(int(read.error().code), code);
    }

    void setsComeBackAsLists()
    {
        Snapshot snapshot = example();
        snapshot.multiLabel = true;
        snapshot.classes = {"Effusion", "Nodule", "Mass"};
        snapshot.samples.push_back({8, "0123456789abcdea", 6, Split::train, 0, 1});
        snapshot.samples[0].label = 0b101;
        QVERIFY(writeSnapshot(m_folder, snapshot));
        const json document = json::parse(*readFile(snapshotPath()));
        QCOMPARE(document["labels"].get<std::string>(), std::string("several"));
        QVERIFY(document["samples"][0]["label"] == json::array({0, 2}));
        QVERIFY(document["samples"][1]["label"].is_null() && document["samples"][2]["label"] == json::array());
        const auto read = readSnapshot(m_folder);
        QVERIFY(read && read->multiLabel);
        QCOMPARE(read->samples[0].label, std::optional(0b101));
        QVERIFY(!read->samples[1].label);
        QCOMPARE(read->samples[2].label, std::optional(0));
        for (const char* bad : {"[3]", "[0,0]", "[-1]", "0", "[\"Mass\"]"}) {
            json changed = document;
            changed["samples"][0]["label"] = json::parse(bad);
            QVERIFY(writeFileAtomically(snapshotPath(), changed.dump()));
            QCOMPARE(readSnapshot(m_folder).error().code, Code::badInput);
        }
    }

    void otherFilesAreRefused()
    {
        for (const char* text : {"", "[]", "3", "null", "{", "\xff"}) {
            QVERIFY(writeFileAtomically(snapshotPath(), text));
            QCOMPARE(readSnapshot(m_folder).error().code, Code::badInput);
        }
        QCOMPARE(readSnapshot(m_folder + "-none").error().code, Code::notFound);
        QVERIFY(writeFileAtomically(snapshotPath(), std::string(100'000, '[')));
        QCOMPARE(readSnapshot(m_folder).error().code, Code::badInput);
    }

    void textThatIsNotUtf8IsNotWritten()
    {
        Snapshot snapshot = example();
        snapshot.classes[0] = "\xff";
        QCOMPARE(writeSnapshot(m_folder, snapshot).error().code, Code::badInput);
    }

    void truthComesBack()
    {
        const std::vector<std::pair<std::int64_t, int>> truth{{3, 1}, {0, 0}};
        QVERIFY(writeTruth(m_folder, truth));
        QCOMPARE(*readTruth(m_folder), truth);
        QCOMPARE(readTruth(m_folder + "-none").error().code, Code::notFound);
        for (const char* text : {"{}", R"({"format":1,"truth":3})", R"({"format":1,"truth":[{"row":-1,"class":0}]})",
                                 R"({"format":1,"truth":[{"row":1}]})", R"({"format":1,"truth":[],"more":1})"}) {
            QVERIFY(writeFileAtomically(m_folder + "/input/truth.json", text));
            QCOMPARE(readTruth(m_folder).error().code, Code::badInput);
        }
    }

    void splitsHaveNames()
    {
        for (const Split split : {Split::none, Split::train, Split::val, Split::test})
            QVERIFY(*splitFromName(name(split)) == split);
        QCOMPARE(splitFromName("Train").error().code, Code::badInput);
    }

private:
    std::string snapshotPath() const { return m_folder + "/input/snapshot.json"; }

    std::unique_ptr<QTemporaryDir> m_temporary;
    std::string m_folder;
};

QTEST_APPLESS_MAIN(RunFolderTest)
#include "tst_runfolder.moc"
