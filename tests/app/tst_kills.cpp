// SPDX-License-Identifier: GPL-3.0-or-later
// Programs killed in the middle of their work: what was acknowledged is there, and the chain verifies.
#include "app/Command.h"
#include "base/Random.h"

#include <QDir>
#include <QElapsedTimer>
#include <QHash>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <algorithm>
#include <csignal>
#include <optional>

using foveate::Random;
using foveate::test::Outcome;
using foveate::test::run;
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

/// Fields of /proc/PID/stat behind the name: state, parent, …; nothing for a process that is gone.
QList<QByteArray> statOf(qint64 process, QByteArray* name = nullptr)
{
    QFile file(QStringLiteral("/proc/%1/stat").arg(process));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QByteArray stat = file.readAll();
    const qsizetype close = stat.lastIndexOf(')');
    if (name)
        *name = stat.mid(stat.indexOf('(') + 1, close - stat.indexOf('(') - 1);
    return stat.mid(close + 2).split(' ');
}

struct Engine {
    qint64 process = 0;
    QString run; ///< folder of the run it works on
};

/// The child of `parent` that trains, when there is one.
std::optional<Engine> engineOf(qint64 parent)
{
    for (const QString& entry : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
        QByteArray name;
        if (entry.toLongLong() == 0 || statOf(entry.toLongLong(), &name).value(1).toLongLong() != parent)
            continue;
        QFile words(QStringLiteral("/proc/%1/cmdline").arg(entry));
        if (name != "foveate-engine" || !words.open(QIODevice::ReadOnly))
            continue;
        const QList<QByteArray> said = words.readAll().split('\0');
        if (said.value(1) == "run")
            return Engine{entry.toLongLong(), QString::fromUtf8(said.value(2))};
    }
    return {};
}

/// True when it was alive: stopped first, which a process that has just ended by itself cannot be. (An engine at idle
/// priority may need seconds to hear of it on a busy machine.)
bool killAlive(qint64 process)
{
    ::kill(pid_t(process), SIGSTOP);
    for (int look = 0; look < 60'000; ++look) {
        const QByteArray state = statOf(process).value(0);
        if (state == "T")
            return ::kill(pid_t(process), SIGKILL) == 0;
        if (state.isEmpty() || state == "Z" || state == "X")
            return false;
        QThread::usleep(500);
    }
    ::kill(pid_t(process), SIGCONT);
    return false;
}

/// Kills engines at random moments of their work, no engine's run more than twice (a third death would end the loop's
/// training): always `kAhead` more deaths than runs, so that all are dead before the last run of 200 labels.
class Killer {
public:
    static constexpr int kWanted = 20;

    void look(qint64 parent)
    {
        const auto engine = engineOf(parent);
        if (!engine || m_kills >= kWanted)
            return;
        if (engine->process != m_process) {
            if (m_waiting)
                m_patience = std::max(1, m_patience / 2); // the one before ended by itself: engines live less long here
            m_process = engine->process;
            m_runs.insert(engine->run, m_runs.value(engine->run));
            m_due = int(m_random.below(std::uint64_t(m_patience)));
            m_seen.start();
        }
        m_waiting = m_kills < m_runs.size() + kAhead && m_runs.value(engine->run) < 2;
        if (!m_waiting || m_seen.elapsed() < m_due || !killAlive(engine->process))
            return;
        m_waiting = false;
        ++m_kills;
        ++m_runs[engine->run];
    }

    int kills() const { return m_kills; }
    qsizetype runs() const { return m_runs.size(); }

private:
    static constexpr int kAhead = 4;

    Random m_random{3};
    QHash<QString, int> m_runs; ///< deaths by run
    qint64 m_process = 0;
    QElapsedTimer m_seen;
    int m_due = 0;
    int m_patience = 500;   ///< ms
    bool m_waiting = false; ///< for the moment to kill this one
    int m_kills = 0;
};

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
            QVERIFY(writePicture(
                m_folder.filePath(QStringLiteral("images/%1/%2.png").arg(i % 2 ? "B" : "A").arg(i)).toStdString(),
                unsigned(i), i % 2));
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
                     {"demo", project, "--headless", "--modality", "xray", "--images", "320", "--labels", "200",
                      "--model", "tiny", "--json"});
        QVERIFY(reader.waitForStarted());
        Killer killer;
        QElapsedTimer time;
        time.start();
        while (reader.state() != QProcess::NotRunning && time.elapsed() < 600'000) {
            killer.look(reader.processId());
            reader.waitForFinished(10);
        }
        const QByteArray error = reader.readAllStandardError();
        QVERIFY2(reader.state() == QProcess::NotRunning && reader.exitCode() == 0, error.right(2000).constData());
        qInfo("the engine was killed %d times in %d runs, %lld s", killer.kills(), int(killer.runs()),
              time.elapsed() / 1000);
        QCOMPARE(killer.kills(), Killer::kWanted);
        const auto info = run({"info", project, "--json"}).json();
        QVERIFY(info["counts"]["labelled"] == 200);
        QVERIFY(std::any_of(info["runs"].begin(), info["runs"].end(),
                            [](const auto& made) { return made["job"] == "train" && made["finished"] == true; }));
        QCOMPARE(run({"verify", project}).code, 0);
    }
};

QTEST_GUILESS_MAIN(KillsTest)
#include "tst_kills.moc"
