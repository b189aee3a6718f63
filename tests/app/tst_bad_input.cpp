// SPDX-License-Identifier: GPL-3.0-or-later
// What a user can do wrong: each ends in one sentence and the exit code that belongs to it, and nothing is lost.
#include "app/Command.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using foveate::test::Outcome;
using foveate::test::run;
using foveate::test::writePicture;

class BadInputTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString path(const QString& name) const { return m_folder.filePath(name); }
    QString makeProject(const QString& name, const QString& classes = QStringLiteral("A,B")) const
    {
        const QString project = path(name + QStringLiteral(".foveate"));
        run({"new", project, "--classes", classes, "--modality", "xray", "--pack-size", "32"});
        return project;
    }
    QString makeImages(const QString& name, int each = 6) const
    {
        for (int c = 0; c < 2; ++c) {
            const QString folder = path(name) + (c == 0 ? "/A" : "/B");
            QDir().mkpath(folder);
            for (int i = 0; i < each; ++i)
                writePicture((folder + QStringLiteral("/p%1_%2.png").arg(i).arg(c)).toStdString(), unsigned(i * 2 + c),
                             c);
        }
        return path(name);
    }

private Q_SLOTS:
    void unknownVerbAndOption()
    {
        for (const QStringList& words :
             {QStringList{"guess"}, {"info", "--no-such-option"}, {"info"}, {"label", "x"}}) {
            const Outcome outcome = run(words);
            QCOMPARE(outcome.code, 2);
            QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        }
        QCOMPARE(run({"new", path("x.foveate"), "--classes", "A,B", "--modality", "tea"}).code, 2);
        QCOMPARE(run({"--help"}).code, 0);
        QVERIFY(run({"--version"}).out.startsWith(QStringLiteral("foveate ")));
    }

    void noProject()
    {
        for (const QStringList& words :
             {QStringList{"info", path("nowhere.foveate")}, {path("nowhere.foveate")}, {path("nowhere")}}) {
            const Outcome outcome = run(words);
            QCOMPARE(outcome.code, 4);
            QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        }
    }

    void projectThatExistsIsLeftAlone()
    {
        const QString project = makeProject("twice");
        const Outcome outcome = run({"new", project, "--classes", "C,D"});
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        QVERIFY(run({"info", project, "--json"}).json()["classes"] == nlohmann::json({"A", "B"}));
    }

    void badClasses()
    {
        for (const QString& classes : {QStringLiteral("A,A"), QStringLiteral("A"), QString()}) {
            const Outcome outcome = run({"new", path("one.foveate"), "--classes", classes});
            QCOMPARE(outcome.code, 3);
            QVERIFY2(outcome.saysOneThing() && outcome.err.contains(QStringLiteral("two or more")),
                     qPrintable(outcome.err));
            QVERIFY(!QFile::exists(path("one.foveate")));
        }
    }

    void brokenProjectFile()
    {
        const QString project = makeProject("toml");
        QFile file(project + "/project.toml");
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("policy = \"open\"\nclasses = [\"A\", \"B\"]\n") > 0);
        file.close();
        const Outcome outcome = run({"info", project});
        QCOMPARE(outcome.code, 3);
        QVERIFY2(outcome.saysOneThing() && outcome.err.contains(QStringLiteral("policy")), qPrintable(outcome.err));
    }

    void emptyAndMissingFolder()
    {
        const QString project = makeProject("empty");
        QDir().mkpath(path("nothing"));
        for (const QString& source : {path("nothing"), path("missing")}) {
            const Outcome outcome = run({"import", project, source});
            QVERIFY2(outcome.code == 3 || outcome.code == 4, qPrintable(outcome.err));
            QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        }
    }

    void unreadableFolder()
    {
        if (::geteuid() == 0)
            QSKIP("skipped: root may read everything");
        const QString project = makeProject("unreadable");
        const QString folder = makeImages("shut");
        QFile::setPermissions(folder, {});
        const Outcome outcome = run({"import", project, folder});
        QFile::setPermissions(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        QCOMPARE(outcome.code, 3);
        QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
    }

    void damagedFilesAreRowsOfTheReport()
    {
        const QString project = makeProject("damaged");
        const QString folder = makeImages("mixed");
        QFile empty(folder + "/A/empty.png");
        QVERIFY(empty.open(QIODevice::WriteOnly));
        QFile words(folder + "/A/words.png");
        QVERIFY(words.open(QIODevice::WriteOnly) && words.write("not an image at all") > 0);
        words.close();
        QVERIFY(QFile::copy(folder + "/A/p0_0.png", folder + "/A/again.png"));
        QVERIFY(QFile::copy(folder + "/B/p0_1.png", folder + "/B/wrong.jpg"));
        const Outcome outcome = run({"import", project, folder, "--json"});
        QCOMPARE(outcome.code, 7);
        const auto report = outcome.json();
        QVERIFY(report["files"] == 16);
        QVERIFY(report["imported"] == 12);
        QVERIFY(report["duplicates"] == 2);
        QCOMPARE(report["failed"].size(), std::size_t(2));
        for (const auto& failure : report["failed"])
            QVERIFY(failure["code"] == "not-an-image");
        const Outcome again = run({"import", project, folder, "--json"});
        QCOMPARE(again.code, 3); // some failed, and nothing is new
        QVERIFY(again.json()["duplicates"] == 14);
    }

    void strangeNames()
    {
        const QString project = makeProject("strange", QStringLiteral("it's \"A\",'; DROP TABLE event; --"));
        QDir().mkpath(path("names"));
        const std::string folder = path("names").toStdString();
        QVERIFY(writePicture(folder + "/line\nbreak.png", 1, 0));
        QVERIFY(writePicture(folder + "/bytes\xff\xfe.png", 2, 1));
        QVERIFY(writePicture(folder + "/-dash=1.png", 3, 1));
        QVERIFY(run({"import", project, path("names"), "--json"}).json()["imported"] == 3);
        const auto info = run({"info", project, "--samples"}).json();
        QStringList files;
        for (const auto& sample : info["samples"])
            files << QString::fromStdString(sample["file"].get<std::string>());
        QVERIFY2(files.contains(QStringLiteral("line\\x0abreak.png")), qPrintable(files.join(u'|')));
        QVERIFY(files.contains(QStringLiteral("bytes\\xff\\xfe.png")));
        QFile table(path("labels.csv"));
        QVERIFY(table.open(QIODevice::WriteOnly));
        table.write("id,label\n" + QByteArray::fromStdString(info["samples"][0]["id"]) + ",'; DROP TABLE event; --\n");
        table.close();
        QCOMPARE(run({"label", project, "--file", table.fileName(), "--reader", "O'Neil \"x\"; DROP"}).code, 0);
        QCOMPARE(run({"verify", project}).code, 0);
        std::filesystem::remove_all(folder); // Qt cannot name these files
    }

    void oneClassOnlyCannotTrain()
    {
        const QString project = makeProject("single");
        const QString folder = makeImages("single-images");
        QVERIFY(QDir(folder + "/B").removeRecursively());
        QCOMPARE(run({"import", project, folder + "/A", "--labels", "none"}).code, 0);
        const Outcome none = run({"train", project, "--model", "tiny", "--size", "32"});
        QCOMPARE(none.code, 3);
        QVERIFY2(none.saysOneThing(), qPrintable(none.err));
    }

    void patientOnTwoSidesIsRefusedWhole()
    {
        const QString project = makeProject("split");
        const QString folder = makeImages("split-images");
        QFile table(folder + "/all.csv");
        QVERIFY(table.open(QIODevice::WriteOnly));
        table.write(
            "path,label,patient,split\nA/p0_0.png,A,anna,train\nA/p1_0.png,A,anna,test\nB/p0_1.png,B,bert,train\n");
        table.close();
        const Outcome outcome = run({"import", project, table.fileName(), "--split", "split", "--json"});
        QCOMPARE(outcome.code, 3);
        QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        QVERIFY(!outcome.err.contains(QStringLiteral("anna")));
        QVERIFY(run({"info", project, "--json"}).json()["counts"]["samples"] == 0);
    }

    void projectOfANewerVersion()
    {
        const QString project = makeProject("newer");
        QProcess sqlite;
        sqlite.start("sqlite3", {project + "/labels.sqlite", "PRAGMA user_version = 999;"});
        if (!sqlite.waitForFinished() || sqlite.exitCode() != 0)
            QSKIP("skipped: no sqlite3 to make a newer file with");
        const Outcome outcome = run({"info", project});
        QCOMPARE(outcome.code, 3);
        QVERIFY2(outcome.saysOneThing() && outcome.err.contains(QStringLiteral("newer")), qPrintable(outcome.err));
    }

    void readOnlyFolder()
    {
        if (::geteuid() == 0)
            QSKIP("skipped: root may write everywhere");
        QDir().mkpath(path("fixed"));
        QFile::setPermissions(path("fixed"), QFile::ReadOwner | QFile::ExeOwner);
        const Outcome outcome = run({"new", path("fixed/x.foveate"), "--classes", "A,B"});
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
    }

    void readOnlyDisk()
    {
        QDir().mkpath(path("frozen"));
        if (::mount("tmpfs", qPrintable(path("frozen")), "tmpfs", 0, "size=64m") != 0)
            QSKIP("skipped: no right to mount a disk");
        const QString project = path("frozen/p.foveate");
        run({"new", project, "--classes", "A,B", "--modality", "xray", "--pack-size", "32"});
        const QString images = makeImages("for-frozen");
        run({"import", project, images, "-q"});
        ::mount("tmpfs", qPrintable(path("frozen")), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64m");
        const Outcome reading = run({"info", project, "--json"});
        const Outcome writing = run({"import", project, images, "-q"});
        const Outcome making = run({"new", path("frozen/x.foveate"), "--classes", "A,B"});
        ::umount(qPrintable(path("frozen")));
        QCOMPARE(reading.code, 0);
        QVERIFY(reading.json()["counts"]["samples"] == 12);
        QVERIFY2(reading.err.contains(QStringLiteral("cannot be written")), qPrintable(reading.err));
        for (const Outcome& outcome : {writing, making}) {
            QCOMPARE(outcome.code, 1);
            QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        }
    }

    void openInAWindow()
    {
        const QString project = makeProject("owned");
        run({"import", project, makeImages("owned-images"), "--hide-labels", "-q"});
        QProcess owner; // a window
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("QT_QPA_PLATFORM", "offscreen");
        environment.insert("XDG_CONFIG_HOME", path("config"));
        owner.setProcessEnvironment(environment);
        owner.start(QStringLiteral(FOVEATE_BIN_DIR "/foveate"), {project});
        QVERIFY(owner.waitForStarted());
        const auto locked = [&] { return run({"label", project, "--oracle", "--count", "1"}); };
        // Not asked again and again: a window that starts while another holds the project only reads.
        Outcome outcome;
        for (int wait = 0; wait < 10 && outcome.code != 6; ++wait) {
            QTest::qWait(2000);
            outcome = locked();
        }
        const Outcome reading = run({"info", project, "--json"});
        owner.kill();
        owner.waitForFinished();
        QCOMPARE(outcome.code, 6);
        QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        QCOMPARE(reading.code, 0);
        QVERIFY2(reading.err.contains(QStringLiteral("open elsewhere")), qPrintable(reading.err));
        QCOMPARE(run({"verify", project}).code, 0);
    }

    void fullDisk()
    {
        QDir().mkpath(path("small"));
        if (::mount("tmpfs", qPrintable(path("small")), "tmpfs", 0, "size=2m") != 0)
            QSKIP("skipped: no right to mount a small disk");
        const QString project = path("small/p.foveate");
        run({"new", project, "--classes", "A,B", "--modality", "xray"});
        const Outcome outcome = run({"import", project, makeImages("for-small", 40), "-q"});
        const Outcome after = run({"info", project, "--json"});
        ::umount(qPrintable(path("small")));
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.saysOneThing(), qPrintable(outcome.err));
        QCOMPARE(after.code, 0);
        QVERIFY(after.json()["counts"]["samples"] == 0);
    }

    void pretrainingWithWhatIsNoGood()
    {
        const QString project = makeProject("learn");
        QCOMPARE(run({"pretrain", project, "--model", "tiny"}).code, 4); // no images yet
        QCOMPARE(run({"import", project, makeImages("learn-images"), "--labels", "none"}).code, 0);
        const QStringList quick{"pretrain", project, "--model", "tiny", "--size", "32", "--epochs", "1", "--quiet"};
        QCOMPARE(run(quick + QStringList{"--batch", "1"}).code, 2);
        QCOMPARE(run(quick + QStringList{"--method", "byol"}).code, 2);
        QCOMPARE(run(quick + QStringList{"--preset", "{\"name\":"}).code, 2);
        for (const auto& [more, code] :
             {std::pair<QStringList, int>{{"--preset", "{\"name\":\"grey\",\"blurr\":1}"}, 3},
              {{"--evaluate"}, 3}, // nothing is known of these images
              {{"--resume", "7"}, 4}}) {
            const Outcome outcome = run(quick + more);
            QVERIFY2(outcome.code == code && outcome.saysOneThing(), qPrintable(more.join(u' ') + outcome.err));
        }
        if (!QFile::exists("/dev/nvidiactl"))
            QCOMPARE(run(quick + QStringList{"--require-gpu"}).code, 5);
    }

    void questionsBeforeTheirTime()
    {
        const QString project = makeProject("early");
        QCOMPARE(run({"import", project, makeImages("early-images"), "--labels", "none"}).code, 0);
        QCOMPARE(run({"evaluate", project}).code, 4);
        QCOMPARE(run({"predict", project}).code, 4);
        QCOMPARE(run({"label", project, "--oracle", "--count", "3"}).code, 3);
        QCOMPARE(run({"select", project, "--strategy", "tarot"}).code, 4);
        QVERIFY(run({"select", project, "--count", "5", "--json"}).json()["strategy"] == "random");
    }
};

QTEST_GUILESS_MAIN(BadInputTest)
#include "tst_bad_input.moc"
