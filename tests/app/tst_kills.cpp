// SPDX-License-Identifier: GPL-3.0-or-later
// Programs killed in the middle of their work: what was acknowledged is there, and the chain verifies.
#include "app/Command.h"
#include "base/Random.h"

#include <QDir>
#include <QHash>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <algorithm>
#include <csignal>

using foveate::Random;
using foveate::test::run;
using foveate::test::Outcome;
using foveate::test::writePicture;

namespace {

/// Takes `id,label` lines that are complete; a cut last line was not acknowledged.
void take(const QByteArray& output, QHash<QString, QString>& acknowledged)
{
    const qsizetype end = output.lastIndexOf('\n');
    if (end < 0)
        return;
    for (const QByteArray& line : output.left(end).split('\n')) {
        const QString text = QString::fromUtf8(line);
        acknowledged.insert(text.section(u',', 0, 0), text.section(u',', 1));
    }
}

QList<qint64> childrenNamed(qint64 parent, const QByteArray& name)
{
    QList<qint64> found;
    for (const QString& entry : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
        QFile file(QStringLiteral("/proc/%1/stat").arg(entry));
        if (entry.toLongLong() == 0 || !file.open(QIODevice::ReadOnly))
            continue;
        const QByteArray stat = file.readAll();
        const qsizetype close = stat.lastIndexOf(')');
        const QByteArray comm = stat.mid(stat.indexOf('(') + 1, close - stat.indexOf('(') - 1);
        if (stat.mid(close + 2).split(' ').value(1).toLongLong() == parent && name.startsWith(comm.left(15)))
            found << entry.toLongLong();
    }
    return found;
}

} // namespace

class KillsTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void acknowledgedLabelsSurviveAHundredKills()
    {
        const QString project = m_folder.filePath("kill.foveate");
        QDir().mkpath(m_folder.filePath("images/A"));
        QDir().mkpath(m_folder.filePath("images/B"));
        for (int i = 0; i < 1500; ++i)
            QVERIFY(writePicture(m_folder.filePath(QStringLiteral("images/%1/%2.png").arg(i % 2 ? "B" : "A").arg(i)).toStdString(), unsigned(i), i % 2));
        run({"new", project, "--classes", "A,B", "--modality", "xray", "--pack-size", "16"});
        QCOMPARE(run({"import", project, m_folder.filePath("images"), "--hide-labels"}).code, 0);

        Random random(20);
        QHash<QString, QString> acknowledged;
        int midway = 0;
        for (int kill = 0; kill < 100; ++kill) {
            QProcess robot;
            robot.start(QStringLiteral(FOVEATE_BIN_DIR "/foveate"), {"label", project, "--oracle", "--ack"});
            QVERIFY(robot.waitForStarted());
            robot.waitForReadyRead(10000);
            QThread::usleep(random.below(12000));
            robot.kill();
            QVERIFY(robot.state() == QProcess::NotRunning || robot.waitForFinished(10000));
            const QByteArray output = robot.readAllStandardOutput();
            midway += output.isEmpty() ? 0 : 1;
            take(output, acknowledged);
        }
        QVERIFY2(midway > 80, "the robot was hardly ever at work when it was killed");
        QVERIFY(acknowledged.size() > 100);
        QHash<QString, QString> stored;
        const auto info = run({"info", project, "--samples"}).json();
        for (const auto& sample : info["samples"])
            if (!sample["label"].is_null())
                stored.insert(QString::fromStdString(sample["id"]), QString::fromStdString(sample["label"]));
        int lost = 0;
        for (auto it = acknowledged.begin(); it != acknowledged.end(); ++it)
            lost += stored.value(it.key()) == it.value() ? 0 : 1;
        qInfo("acknowledged %d, stored %d, lost %d", int(acknowledged.size()), int(stored.size()), lost);
        QCOMPARE(lost, 0);
        QVERIFY(stored.size() - acknowledged.size() <= 100);
        QCOMPARE(run({"verify", project}).code, 0);
    }

    void theLoopOutlivesTwentyDeathsOfItsEngine()
    {
        const QString project = m_folder.filePath("loop.foveate");
        QProcess reader;
        reader.setProcessChannelMode(QProcess::SeparateChannels);
        reader.start(QStringLiteral(FOVEATE_BIN_DIR "/foveate"),
                     {"demo", project, "--headless", "--modality", "xray", "--images", "400", "--labels", "200", "--model", "tiny", "--json"});
        QVERIFY(reader.waitForStarted());
        Random random(3);
        int kills = 0;
        QElapsedTimer time;
        time.start();
        while (reader.state() != QProcess::NotRunning && time.elapsed() < 400'000) {
            reader.waitForFinished(int(600 + random.below(1200)));
            const QList<qint64> engines = childrenNamed(reader.processId(), "foveate-engine");
            if (!engines.isEmpty() && kills < 20) {
                ::kill(pid_t(engines[qsizetype(random.below(std::uint64_t(engines.size())))]), SIGKILL);
                ++kills;
            }
        }
        const QByteArray error = reader.readAllStandardError();
        QVERIFY2(reader.exitCode() == 0, error.right(2000).constData());
        qInfo("the engine was killed %d times", kills);
        QVERIFY(kills >= 10);
        const auto info = run({"info", project, "--json"}).json();
        QVERIFY(info["counts"]["labelled"] == 200);
        QVERIFY(std::any_of(info["runs"].begin(), info["runs"].end(),
                            [](const auto& made) { return made["job"] == "train" && made["finished"] == true; }));
        QCOMPARE(run({"verify", project}).code, 0);
    }
};

QTEST_GUILESS_MAIN(KillsTest)
#include "tst_kills.moc"
