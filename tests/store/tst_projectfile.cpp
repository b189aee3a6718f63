// SPDX-License-Identifier: GPL-3.0-or-later
#include "StudyFixture.h"
#include "base/AtomicFile.h"

using namespace foveate;
using namespace foveate::store;

class TestProjectFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void writtenAndReadIsTheSame()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("project.toml").toStdString();
        ProjectFile project = projectFile();
        project.uuid = "u";
        project.classes = {"it's", "\"quoted\"", "'; DROP TABLE event; --", "naïve\nline", "日本"};
        project.modality = "histology";
        project.policy = "after";
        project.seed = 1234567890123;
        project.training.learningRate = 0.0003;
        project.training.epochs = 25;
        OK(writeProjectFile(path, project));
        const auto read = readProjectFile(path);
        OK(read);
        QVERIFY(*read == project);
        QCOMPARE(read->channels(), 3);
    }

    void keysOfANewerProgramAreKept()
    {
        const std::string toml =
            "name = 'x'\nclasses = ['a', 'b']\nfuture = 3\n[training]\nmodel = 'tiny'\nwarp = 9\n[other]\nk = 'v'\n";
        auto project = projectFromToml(toml, "p");
        OK(project);
        QCOMPARE(project->training.model, std::string("tiny"));
        project->retrainAfter = 7;
        const auto again = projectFromToml(projectToml(*project), "p");
        OK(again);
        QVERIFY(*again == *project);
        const std::string written = projectToml(*again);
        for (const char* kept : {"future = 3", "warp = 9", "k = 'v'", "retrain_after = 7"})
            QVERIFY2(written.find(kept) != std::string::npos, kept);
    }

    void wrongOnesAreNamed_data()
    {
        QTest::addColumn<QString>("toml");
        QTest::addColumn<QString>("key");
        QTest::newRow("type") << "classes = ['a']\nseed = 'one'"
                              << "seed";
        QTest::newRow("negative") << "classes = ['a']\nseed = -1"
                                  << "seed";
        QTest::newRow("huge") << "classes = ['a']\nbatch_size = 99999999999"
                              << "batch_size";
        QTest::newRow("no classes") << "name = 'x'"
                                    << "classes";
        QTest::newRow("twins") << "classes = ['a', 'a']"
                               << "classes";
        QTest::newRow("empty class") << "classes = ['a', '']"
                                     << "classes";
        QTest::newRow("class of number") << "classes = ['a', 1]"
                                         << "classes";
        QTest::newRow("modality") << "classes = ['a']\nmodality = 'mri'"
                                  << "modality";
        QTest::newRow("policy") << "classes = ['a']\npolicy = 'open'"
                                << "policy";
        QTest::newRow("fit") << "classes = ['a']\nfit = 'crop'"
                             << "fit";
        QTest::newRow("pack") << "classes = ['a']\npack_size = 8"
                              << "pack_size";
        QTest::newRow("training") << "classes = ['a']\ntraining = 3"
                                  << "training";
        QTest::newRow("in training") << "classes = ['a']\n[training]\nepochs = 'many'"
                                     << "training.epochs";
        QTest::newRow("not finite") << "classes = ['a']\n[training]\nlearning_rate = nan"
                                    << "training.learning_rate";
    }
    void wrongOnesAreNamed()
    {
        QFETCH(QString, toml);
        QFETCH(QString, key);
        const auto read = projectFromToml(toml.toStdString(), "p.toml");
        FAILS(read, Code::badInput);
        QCOMPARE(read.error().arg(2), key.toStdString());
        QCOMPARE(read.error().arg(0), std::string("p.toml"));
    }

    void brokenTomlIsBadInputWithItsLine()
    {
        const auto read = projectFromToml("classes = ['a']\n[[[", "p.toml");
        FAILS(read, Code::badInput);
        QCOMPARE(read.error().arg(1), std::string("line 2"));
    }
};

QTEST_GUILESS_MAIN(TestProjectFile)
#include "tst_projectfile.moc"
